import { needsLook } from './remedies'
import type { PayAttempt, PayLogLine, PayNotice, PayOrder, PayOrderDetail, PayRefund } from '@/api/types'

/** One thing that happened to an order, with what it is about. */
export type Step =
  | { kind: 'created' | 'booked'; key: string; at: string }
  | { kind: 'attempt' | 'paid'; key: string; at: string; attempt: PayAttempt }
  | { kind: 'notice'; key: string; at: string; notice: PayNotice }
  | { kind: 'refund' | 'refunded'; key: string; at: string; refund: PayRefund }
  | { kind: 'asked'; key: string; at: string; line: PayLogLine }
  | { kind: 'written_off'; key: string; at: string; order: PayOrder; note: string }

/** What comes first of what happened at the same moment. */
const RANK: Readonly<Record<Step['kind'], number>> = {
  created: 0,
  attempt: 1,
  paid: 2,
  notice: 3,
  booked: 4,
  refund: 5,
  asked: 6,
  refunded: 7,
  written_off: 8,
}

/**
 * All that happened, the earliest first. A network's clock is not ours and may count whole seconds only: what it says never comes
 * before what it follows from.
 */
export function stepsOf({ order, attempts, notices, refunds, log }: PayOrderDetail): Step[] {
  const placed: { step: Step; place: number }[] = []
  const put = (step: Step, after = 0): number => {
    const place = Math.max(Date.parse(step.at), after)
    placed.push({ step, place })
    return place
  }

  const begun = put({ kind: 'created', key: order.id, at: order.created_at })
  let paid = begun
  for (const attempt of attempts) {
    const asked = put({ kind: 'attempt', key: attempt.id, at: attempt.created_at, attempt }, begun)
    if (attempt.paid_at === null) continue
    const place = put({ kind: 'paid', key: `${attempt.id}-paid`, at: attempt.paid_at, attempt }, asked)
    if (attempt.state === 'taken') paid = place
  }
  if (order.paid_at !== null) put({ kind: 'booked', key: `${order.id}-booked`, at: order.paid_at }, paid)
  for (const notice of notices) put({ kind: 'notice', key: notice.id, at: notice.received_at, notice }, begun)
  for (const refund of refunds) {
    const asked = put({ kind: 'refund', key: refund.id, at: refund.created_at, refund }, begun)
    if (refund.settled_at !== null) {
      put({ kind: 'refunded', key: `${refund.id}-over`, at: refund.settled_at, refund }, asked)
    }
  }
  if (order.written_off !== null) {
    const { at, note } = order.written_off
    put({ kind: 'written_off', key: `${order.id}-off`, at, order, note }, begun)
  }
  for (const [n, line] of log.entries()) put({ kind: 'asked', key: `log-${n}`, at: line.at, line }, begun)
  return placed.sort((a, b) => a.place - b.place || RANK[a.step.kind] - RANK[b.step.kind]).map(({ step }) => step)
}

export type StepTone = 'plain' | 'good' | 'bad'

/** What stands out: money that came or went, and what somebody has to look at. */
export function toneOfStep(step: Step): StepTone {
  switch (step.kind) {
    case 'booked':
    case 'refunded':
      return 'good'
    case 'attempt':
      return needsLook(step.attempt) ? 'bad' : 'plain'
    case 'paid':
      return step.attempt.state === 'surplus' ? 'bad' : 'good'
    case 'notice':
      return step.notice.outcome === 'differs' || step.notice.outcome === 'foreign' ? 'bad' : 'plain'
    case 'refund':
      return step.refund.state === 'stuck' ? 'bad' : 'plain'
    case 'created':
    case 'asked':
    case 'written_off':
      return 'plain'
  }
}

/** By which networks it was tried, each once, in their order. */
export const channelsOf = ({ attempts }: Pick<PayOrderDetail, 'attempts'>): PayAttempt['channel'][] => [
  ...new Set(attempts.map(({ channel }) => channel)),
]
