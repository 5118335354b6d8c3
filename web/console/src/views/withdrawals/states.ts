import type { Withdrawal } from '@/api/types'

/** In the place of a state: somebody has still to decide it, or to pay it. */
export const WAITING = 'waiting'

export interface Step {
  key: 'asked' | 'decided' | 'paid' | 'cancelled' | 'returned'
  /** When it was taken; null of what is still to come. */
  at: string | null
  who?: string | undefined
}

/** How far a withdrawal is, in order: what was done, and what is to come. */
export function stepsOf(one: Withdrawal): Step[] {
  const steps: Step[] = [{ key: 'asked', at: one.created_at, who: one.agent.name }]
  if (one.state !== 'cancelled') steps.push({ key: 'decided', at: one.reviewed_at, who: one.reviewer?.name })
  const waits = one.state === 'pending' || one.state === 'approved'
  if (waits || one.paid_at !== null) steps.push({ key: 'paid', at: one.paid_at })
  if (one.state === 'cancelled' || one.state === 'returned') steps.push({ key: one.state, at: one.ended_at })
  return steps
}

/** Taken back, or the money did not arrive: its account may well be the wrong one. */
export const isDoubtful = (one: Pick<Withdrawal, 'state'>): boolean =>
  one.state === 'cancelled' || one.state === 'returned'
