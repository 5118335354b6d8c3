import type { OrderPayer } from '@/api/types'

export type PayerLine = 'number' | 'phone' | 'place' | 'played' | 'asked' | 'ended'

/** What there is to say of whose an order is: of one for the wallet no play, and no hours of a table that was not opened. */
export function payerLines({ table }: OrderPayer): PayerLine[] {
  const who: PayerLine[] = ['number', 'phone', 'place']
  if (table === null) return who
  return table.session === null ? [...who, 'played'] : [...who, 'asked', 'ended']
}
