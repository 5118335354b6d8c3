import type { OrderPayer } from '@/api/types'

export type PayerLine = 'number' | 'phone' | 'place' | 'played' | 'asked' | 'ended'

/** What there is to say of whose an order is: for the wallet no play, of a table that was not opened no hours. */
export function payerLines({ table }: OrderPayer): PayerLine[] {
  const who: PayerLine[] = ['number', 'phone', 'place']
  if (table === null) return who
  return table.session === null ? [...who, 'played'] : [...who, 'asked', 'ended']
}
