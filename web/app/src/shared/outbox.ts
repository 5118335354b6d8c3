import type { ApiError } from '@/api/problem'
import type { Session } from '@/api/types'

/** What somebody wished at a table while the server could not be reached. */
type Wished = { kind: 'close' } | { kind: 'extend'; minutes: number }
/** `at`: by the server's clock. */
export type Wish = Wished & { at: number }
/** By session: at most one each. */
export type Wishes = Record<string, Wish>

export interface WishShelf {
  read(): Wishes
  write(wishes: Wishes): void
}

/** Longer than anybody plays: what is left then is of a table that is over, or of another customer. */
const KEPT_MS = 24 * 60 * 60_000

/**
 * Wishes that wait for the server. To end is sent by itself once the session is seen to go on, for it can be asked for twice and costs
 * nothing more than was said. More time is not: prices change and tables are taken, so it is asked for anew. Read from the shelf each
 * time: in another page of the same browser somebody may have thought better of it.
 */
export class Outbox {
  constructor(
    private readonly shelf: WishShelf,
    private readonly now: () => number,
  ) {}

  all(): Wishes {
    const limit = this.now() - KEPT_MS
    return Object.fromEntries(Object.entries(this.shelf.read()).filter(([, { at }]) => at > limit))
  }

  /** Wishing the same again leaves it as old as it is. Another takes its place, but to end is the last word: it is taken back first. */
  keep(session: string, wish: Wished): void {
    const wishes = this.all()
    const before = wishes[session]
    if (before?.kind === 'close') return
    wishes[session] = { ...wish, at: before?.kind === wish.kind ? before.at : this.now() }
    this.shelf.write(wishes)
  }

  takeBack(session: string, kind: Wish['kind']): void {
    const wishes = this.all()
    if (wishes[session]?.kind !== kind) return
    delete wishes[session]
    this.shelf.write(wishes)
  }

  /** The server has told how a session is: whether the wish to end it is to be sent now. Where it has ended, nothing is wished of it. */
  seen({ id, state }: Pick<Session, 'id' | 'state'>): boolean {
    const wish = this.all()[id]
    if (wish === undefined) return false
    if (state !== 'closed' && state !== 'failed') return wish.kind === 'close'
    this.takeBack(id, wish.kind)
    return false
  }

  /**
   * What became of sending it. Without an answer it is kept, and so it is where its customer has to sign in again. Any other no will
   * not become a yes: how the session is tells the rest.
   */
  sent(session: string, error: ApiError | null): void {
    if (error === null || !(error.unsure || error.tokenLost)) this.takeBack(session, 'close')
  }
}
