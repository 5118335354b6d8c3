import { ApiError } from '@/api/problem'
import { randomKey } from './random'
import { stored } from './storage'
import type { PlayTime } from '@/api/types'

interface Pending {
  key: string
  at: number
}
type Entries = Record<string, Pending>

export interface KeyShelf {
  read(): Entries
  write(entries: Entries): void
}

/** After that long it is no retry but a new wish, and the server tells by itself whether the table is already ours. */
const KEPT_MS = 10 * 60_000

/**
 * One key per intended action, named by everything that it asks for. It is kept, across reloads too, until the server has
 * answered; so pressing again after a lost answer repeats the same request instead of making a second one.
 */
export class PendingKeys {
  constructor(
    private readonly shelf: KeyShelf,
    private readonly now: () => number = Date.now,
    private readonly random: () => string = randomKey,
  ) {}

  keyFor(intent: string): string {
    const entries = this.live()
    const entry = (entries[intent] ??= { key: this.random(), at: this.now() })
    this.shelf.write(entries)
    return entry.key
  }

  /** Whether an earlier try of this is still unanswered. */
  has(intent: string): boolean {
    return intent in this.live()
  }

  answered(intent: string): void {
    const entries = this.live()
    delete entries[intent]
    this.shelf.write(entries)
  }

  /** What begins so has been answered some other way: the session itself was seen. */
  answeredAll(prefix = ''): void {
    const entries = this.live()
    for (const intent of Object.keys(entries)) if (intent.startsWith(prefix)) delete entries[intent]
    this.shelf.write(entries)
  }

  async run<T>(intent: string, call: (key: string) => Promise<T>): Promise<T> {
    try {
      const answer = await call(this.keyFor(intent))
      this.answered(intent)
      return answer
    } catch (error) {
      const unclear = !(error instanceof ApiError) || error.unsure || error.code.startsWith('IDEMPOTENCY_')
      if (!unclear) this.answered(intent)
      throw error
    }
  }

  private live(): Entries {
    const limit = this.now() - KEPT_MS
    return Object.fromEntries(Object.entries(this.shelf.read()).filter(([, { at }]) => at > limit))
  }
}

const shelf = stored<Entries>('cuekey.pending-keys')
export const pendingKeys = new PendingKeys({ read: () => shelf.read() ?? {}, write: (entries) => shelf.write(entries) })

const lengthOf = (time: PlayTime): string => ('package' in time ? `package-${time.package}` : String(time.minutes))
export const openIntent = (tableId: string, time: PlayTime, fen: number): string =>
  `open:${tableId}:${lengthOf(time)}:${fen}`
export const extendsOf = (sessionId: string): string => `extend:${sessionId}:`
/** With the end that was seen: once an extension has gone through, the same wish is another. */
export const extendIntent = (sessionId: string, minutes: number, fen: number, end: string | null): string =>
  `${extendsOf(sessionId)}${minutes}:${fen}:${end}`

/** With how it is shared, and of how much. */
export const splitIntent = (sessionId: string, sharing: string, fen: number): string =>
  `split:${sessionId}:${sharing}:${fen}`
export const confirmIntent = (splitId: string, fen: number): string => `share:${splitId}:${fen}`
export const complaintIntent = (form: object): string => `complain:${JSON.stringify(form)}`
export const rechargeIntent = (fen: number, method: string): string => `pay:recharge:${fen}:${method}`
export const payTableIntent = (tableId: string, time: PlayTime, fen: number, method: string): string =>
  `pay:table:${tableId}:${lengthOf(time)}:${fen}:${method}`
/** By the amount alone: after a lost answer the balance may have changed already, and the same wish must not go through twice. */
export const refundIntent = (fen: number): string => `refund:${fen}`
