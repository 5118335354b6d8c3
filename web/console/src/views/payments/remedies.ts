import type { PayAttempt, PayOrderDetail, PayProblem, PayProblemCode, PayRefund, RemedyAsk } from '@/api/types'

export type Remedy = RemedyAsk['remedy']

const OF_PAID: readonly Remedy[] = ['retry', 'paid_out', 'keep']
/** Money that was only frozen was never ours: nothing of it is paid out, or stays. */
const OF_FROZEN: readonly Remedy[] = ['retry', 'let_go']
export const remediesOf = ({ frozen }: Pick<PayRefund, 'frozen'>): readonly Remedy[] => (frozen ? OF_FROZEN : OF_PAID)
export const LONGEST_NOTE = 200
const SHORTEST_NOTE = 2

/** Only what the network would not do is put right by hand. */
export const needsHelp = ({ state }: Pick<PayRefund, 'state'>): boolean => state === 'stuck'

const SHORT: readonly PayProblemCode[] = ['balance_short', 'balance_short_unsigned']
/** Tried again by itself in some hours: whoever has filled up the merchant’s balance need not wait for that. */
const waitsForMoney = ({ state, problem }: Pick<PayRefund, 'state' | 'problem'>): boolean =>
  state === 'asked' && problem !== null && SHORT.includes(problem.code)

export interface Cause {
  problem: PayProblem
  /** So many of those that are shown. */
  count: number
}

/** Over what several refunds are not made, or one that nobody can put right alone: it may be gone for all of them at once. */
export function causesOf(refunds: readonly Pick<PayRefund, 'state' | 'problem'>[]): Cause[] {
  const causes = new Map<PayProblemCode, Cause & { waits: boolean }>()
  for (const refund of refunds) {
    const { problem } = refund
    const waits = waitsForMoney(refund)
    if (problem === null || !(waits || needsHelp(refund))) continue
    const known = causes.get(problem.code) ?? { problem, count: 0, waits: false }
    causes.set(problem.code, { ...known, count: known.count + 1, waits: known.waits || waits })
  }
  const several = [...causes.values()].filter(({ count, waits }) => count > 1 || waits)
  return several.map(({ problem, count }) => ({ problem, count }))
}

/** A network says what does not fit, and nobody has looked after it. Of one that is closed nothing is to come. */
export const needsLook = ({ problem, state, seen_at }: Pick<PayAttempt, 'problem' | 'state' | 'seen_at'>): boolean =>
  problem !== null && state !== 'closed' && seen_at === null

/** What takes of what was frozen, is asked for still, and was told of: it may never come. */
export const mayWriteOff = ({ order, attempts }: Pick<PayOrderDetail, 'order' | 'attempts'>): boolean =>
  order.purpose === 'captured' && order.state === 'pending' && attempts.some(({ problem }) => problem !== null)

/** A merchant of before says nothing of one of its payments, and people were told: somebody may say that it is over. */
export const mayEnd = ({ attempts }: Pick<PayOrderDetail, 'attempts'>): boolean =>
  attempts.some(({ may_be_ended }) => may_be_ended)

/** Asking again changes nothing that one would have to explain. */
export const needsNote = (remedy: Remedy): boolean => remedy !== 'retry'

/** Letters as people count them, as the server does. */
export const longEnough = (note: string): boolean => [...note.trim()].length >= SHORTEST_NOTE

export const askOf = (remedy: Remedy, note: string): RemedyAsk =>
  needsNote(remedy) ? { remedy, note: note.trim() } : { remedy }
