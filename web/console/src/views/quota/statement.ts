import type { EntryKind, StatementLine } from '@/api/types'
import type { Tone } from '@/shared/status'

export const KINDS: readonly EntryKind[] = [
  'recharge',
  'system_recharge',
  'transfer',
  'withdrawal',
  'withdrawal_return',
  'generation',
  'initial',
]

export type Step = 'in' | 'out' | 'hold' | 'post' | 'release'
export const STEPS: readonly Step[] = ['in', 'out', 'hold', 'post', 'release']

export interface ReadLine {
  step: Step
  /** What the line did to what one can use. */
  available: number
  availableAfter: number
  /** What it did to what is set aside. */
  held: number
  heldAfter: number
  /** Whether the other side gave or got. */
  direction: 'from' | 'to'
}

/**
 * The ledger keeps the total (`balance`) and what of it is on hold; people think in what they can use. Setting aside moves an amount
 * from available to held; posting takes it from held, and leaves available as it is.
 */
export function readLine(line: StatementLine): ReadLine {
  const step: Step =
    line.phase === 'hold' || line.phase === 'post' || line.phase === 'release'
      ? line.phase
      : line.delta < 0
        ? 'out'
        : 'in'
  return {
    step,
    available: line.delta - line.held_delta,
    availableAfter: line.balance_after - line.held_after,
    held: line.held_delta,
    heldAfter: line.held_after,
    direction: step === 'in' ? 'from' : 'to',
  }
}

export const stepTones: Readonly<Record<Step, Tone>> = {
  in: 'success',
  out: 'neutral',
  hold: 'warning',
  post: 'neutral',
  release: 'info',
}

export type AmountTrouble = 'amount' | 'minimum' | 'insufficient'

/** What can be said about an amount before asking: it must be more than the minimum, and not more than there is. */
export function amountTrouble(
  amount: number | undefined,
  minimum: number,
  available: number | null,
): AmountTrouble | null {
  if (amount === undefined || !Number.isSafeInteger(amount) || amount < 1) return 'amount'
  if (amount <= minimum) return 'minimum'
  return available !== null && amount > available ? 'insufficient' : null
}
