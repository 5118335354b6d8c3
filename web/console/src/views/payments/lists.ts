import type { PayChannel, PaymentsWaiting, PayDay, PayDifference } from '@/api/types'
import { tones } from '@/shared/status'

export const TABS = ['orders', 'refunds', 'reconciliation', 'channels'] as const
export type Tab = (typeof TABS)[number]

/** The tab that an address names; the first where it names none. */
export const tabOf = (named: unknown): Tab => TABS.find((tab) => tab === named) ?? TABS[0]

/** In the place of an order's state: whatever that is, something about its payments waits for somebody. */
export const WAITING = 'waiting'

/** A state out of an address: what is none, such as another list's, is not asked for. */
export function stateIn<K extends 'payOrder' | 'payRefund'>(kind: K, named: string): keyof (typeof tones)[K] | '' {
  return named in tones[kind] ? (named as keyof (typeof tones)[K] & string) : ''
}

export const waitingInAll = ({ refunds, differences, payments }: PaymentsWaiting): number =>
  refunds + differences + payments

/** Whether one of them was not counted to its end. */
export const waitingBeyond = ({ refunds, differences, payments }: PaymentsWaiting, most: number): boolean =>
  [refunds, differences, payments].some((count) => count >= most)

/** Open ones alone, or all: the open ones first, each part in the server's order. */
export function shownDifferences(all: readonly PayDifference[], withSettled: boolean): PayDifference[] {
  const open = all.filter(({ settled_at }) => settled_at === null)
  return withSettled ? [...open, ...all.filter(({ settled_at }) => settled_at !== null)] : open
}

/** Days have no id of their own: there is one a merchant at a network. */
export const dayRows = <D extends Pick<PayDay, 'channel' | 'merchant_id' | 'day'>>(
  days: readonly D[],
): (D & { id: string })[] => days.map((day) => ({ ...day, id: `${day.channel}-${day.merchant_id}-${day.day}` }))

/** Networks at which there is more than one merchant: only there is it said which. */
export function severalOf(rows: readonly Pick<PayDay, 'channel' | 'merchant_id'>[]): Set<PayChannel> {
  const several = rows.filter(({ channel, merchant_id }) =>
    rows.some((other) => other.channel === channel && other.merchant_id !== merchant_id),
  )
  return new Set(several.map(({ channel }) => channel))
}
