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

/** Made after the order: nobody plays at two tables, so it is the one paid for. */
export const sessionOf = (order: PayOrder, session: Session | null): Session | null =>
  session !== null && order.state === 'paid' && instant(session.asked_at) >= instant(order.created_at) ? session : null

export function sceneOf(order: PayOrder, session: Session | null, now: number): OrderScene {
  if (order.state !== 'paid') return order.state
  if (order.purpose === 'recharge') return 'recharged'
  if (sessionOf(order, session) !== null) return 'playing'
  // Money of a table that was played on can go back later; the whole of it, only when it was not opened.
  if (order.refunded_fen > 0) return order.refunded_fen >= order.amount_fen ? 'returned' : 'settled'
  const paid = instant(order.paid_at ?? order.created_at)
  return now - paid > OPENED_WITHIN_MS ? 'settled' : 'opening'
}

/** Whether a table may still be opened by it. */
export const mayOpen = (order: PayOrder, now: number): boolean =>
  order.purpose === 'play' && ['pending', 'opening'].includes(sceneOf(order, null, now))

/** When to ask again; null: nothing more will happen. */
export function nextAskMs(scene: OrderScene | null, failures: number): number | null {
  if (failures > 0) return backoffMs(failures, 2_500)
  if (scene === null || scene === 'pending') return 2_500
  return scene === 'opening' ? 2_000 : null
}
