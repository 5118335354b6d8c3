import type { DeskOffer, DeskOpening, Quote } from '@/api/desk'
import { parseYuan } from '@/shared/money'

/** A customer’s number, or a phone’s. */
export const WHOLE = /^(\d{8}|1\d{10})$/

/** What can be chosen: a name for it, what it costs, and how it is asked for. */
export interface Choice {
  key: string
  fen: number
  ask: Pick<DeskOpening, 'minutes' | 'package'>
}

/** The usual lengths, packages, and play for as long as the money lasts. */
export function choicesOf({ table, within }: DeskOffer): Choice[] {
  const length = (key: string, { minutes, price_fen: fen }: Quote): Choice => ({ key, fen, ask: { minutes } })
  return [
    ...table.quotes.map((quote) => length(`m${quote.minutes}`, quote)),
    ...table.packages.map(({ id, price_fen }) => ({ key: `p${id}`, fen: price_fen, ask: { package: id } })),
    ...(within ? [length('within', within)] : []),
  ]
}

/** Cash as it is typed, in fen: nothing is none. Null: no amount. */
export const cashOf = (text: string): number | null => (text.trim() === '' ? 0 : parseYuan(text))

/** What is missing to pay so much from what is handed over and what the wallet has; 0: nothing. */
export const missingFor = (fen: number, cash: number, available: number): number => Math.max(0, fen - cash - available)
