import type { Share, Split } from '@/api/types'
import { fenOf } from './amount'

export const PEOPLE = { least: 2, most: 20 }

/** What each of the others pays of an even split, and what is left for the starter: as the server decides it, to the fen. */
export function evenly(totalFen: number, people: number): { each: number; own: number } {
  const each = (totalFen - (totalFen % people)) / people
  return { each, own: totalFen - each * (people - 1) }
}

export type TypedProblem = 'wrong' | 'over'

/** Others' shares as they were typed, and what is left for the starter, who has at least a fen. */
export function byAmounts(
  totalFen: number,
  typed: readonly string[],
): { others: number[]; own: number } | { problem: TypedProblem; at: number } {
  const others = typed.map(fenOf)
  const at = others.findIndex((fen) => fen === null || fen <= 0)
  if (at >= 0) return { problem: 'wrong', at }
  const amounts = others.filter((fen) => fen !== null)
  const own = totalFen - amounts.reduce((sum, fen) => sum + fen, 0)
  return own > 0 ? { others: amounts, own } : { problem: 'over', at: typed.length - 1 }
}

export const mineOf = ({ shares }: Split): Share | null => shares.find(({ mine }) => mine) ?? null
export const starterOf = ({ shares }: Split): Share | null => shares.find(({ starter }) => starter) ?? null
/** Of the others: the starter's own share needs no word. */
export const confirmedOf = ({ shares }: Split): number =>
  shares.filter(({ starter, state }) => !starter && state === 'confirmed').length
export const paidByOthers = ({ shares }: Split): number =>
  shares.filter(({ starter, state }) => !starter && state === 'paid').reduce((sum, { amount_fen: fen }) => sum + fen, 0)
/** There is something to confirm: a share that is new, or has grown. */
export const mayConfirm = (split: Split, share: Share): boolean =>
  split.state === 'open' && !share.starter && (share.state === 'joined' || share.state === 'again')
