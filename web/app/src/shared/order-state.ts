import type { PayOrder, Session } from '@/api/types'
import { backoffMs } from './polling'
import { instant } from './time'

/**
 * What the page of an order shows.
 * - `opening`: paid, and the table is being opened;
 * - `playing`: the session is there;
 * - `returned`: paid, but the table could not be opened: the money goes back;
 * - `settled`: paid some time ago, and whatever it was for is over.
 */
export type OrderScene = 'pending' | 'recharged' | 'opening' | 'playing' | 'returned' | 'settled' | 'closed'

/** A table that is not there so long after the payment has been opened and closed since, or is told of by a message. */
const OPENED_WITHIN_MS = 10 * 60_000

/** All of it. Of a table that was played on at no cost too: so it does not say that there was none. */
const isBack = ({ amount_fen, refunded_fen }: PayOrder): boolean => refunded_fen >= amount_fen
const isLive = ({ state }: Session): boolean => state === 'opening' || state === 'playing'

/**
 * Made after the order: nobody plays at two tables, so it is the one paid for. But one that goes on although all that was paid has gone
 * back was opened another way, while nobody could know what had come of the order.
 */
export function sessionOf(order: PayOrder, session: Session | null): Session | null {
  if (session === null || order.state !== 'paid') return null
  const fits = instant(session.asked_at) >= instant(order.created_at) && !(isLive(session) && isBack(order))
  return fits ? session : null
}

export function sceneOf(order: PayOrder, session: Session | null, now: number): OrderScene {
  if (order.state !== 'paid') return order.state
  if (order.purpose === 'recharge') return 'recharged'
  if (sessionOf(order, session) !== null) return 'playing'
  // Money of a table that was played on can go back later; the whole of it, only when it was not opened.
  if (order.refunded_fen > 0) return isBack(order) ? 'returned' : 'settled'
  const paid = instant(order.paid_at ?? order.created_at)
  return now - paid > OPENED_WITHIN_MS ? 'settled' : 'opening'
}

/** The time to pay it is over, and what has come of it is not known yet: its network does not answer. */
export const isOverdue = ({ state, expires_at }: PayOrder, now: number): boolean =>
  state === 'pending' && now >= instant(expires_at)

/** Its network takes nothing after its time, the server opens nothing that was paid three minutes ago, and clocks differ by one. */
const OPENS_WITHIN_MS = 4 * 60_000

/**
 * Whether a table may still be opened by it. Nobody waits longer for a network that does not answer: what is heard of after that opens
 * nothing, and goes back.
 */
export function mayOpen(order: PayOrder, now: number): boolean {
  if (order.purpose !== 'play') return false
  if (order.state === 'pending') return now <= instant(order.expires_at) + OPENS_WITHIN_MS
  return sceneOf(order, null, now) === 'opening'
}

/** When to ask again; null: nothing more will happen. */
export function nextAskMs(scene: OrderScene | null, failures: number): number | null {
  if (failures > 0) return backoffMs(failures, 2_500)
  if (scene === null || scene === 'pending') return 2_500
  return scene === 'opening' ? 2_000 : null
}
