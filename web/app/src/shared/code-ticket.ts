import type { PhoneCode } from '@/api/types'
import { serverClock } from './clock'
import { stored } from './storage'

interface Kept {
  phone: string
  ticket: string
  until: number
}
export interface TicketShelf {
  read(): Kept | null
  write(kept: Kept): void
  clear(): void
}

/**
 * What was told when a code was sent, and must come back with it: a code is good only for whoever asked for it. Outlives the
 * page, as one may leave it to read the message.
 */
export class CodeTickets {
  constructor(
    private readonly shelf: TicketShelf,
    private readonly now: () => number = () => serverClock.now(),
  ) {}

  keep(phone: string, { ticket, valid_seconds }: Pick<PhoneCode, 'ticket' | 'valid_seconds'>): void {
    this.shelf.write({ phone, ticket, until: this.now() + valid_seconds * 1000 })
  }

  /** The number that a code is on its way to. */
  phone(): string | null {
    return this.live()?.phone ?? null
  }

  /** The ticket of the code that was sent to this number, while it is good. */
  of(phone: string): string | null {
    const kept = this.live()
    return kept?.phone === phone ? kept.ticket : null
  }

  used(): void {
    this.shelf.clear()
  }

  private live(): Kept | null {
    const kept = this.shelf.read()
    return kept !== null && kept.until > this.now() ? kept : null
  }
}

export const codeTickets = new CodeTickets(stored<Kept>('cuekey.code-ticket'))
/** Where one number takes the other's place. */
export const leftTickets = new CodeTickets(stored<Kept>('cuekey.code-ticket.left'))
export const nextTickets = new CodeTickets(stored<Kept>('cuekey.code-ticket.next'))
