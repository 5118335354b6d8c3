import type { Channel, PayMethod, PayOrder } from '@/api/types'

/** What a network takes in one payment, in fen. */
export const LEAST_FEN = 100
export const MOST_FEN = 1_000_000

/** By the network's own page, which its app opens on a phone. */
export const methodOf = (channel: Channel): PayMethod => (channel === 'wechat' ? 'h5' : 'wap')

export const otherChannel = (channels: readonly Channel[], now: Channel | null): Channel | null =>
  channels.find((channel) => channel !== now) ?? null

/** Whole fen of what somebody typed in yuan; null for anything else. */
export function amountOf(text: string): number | null {
  const match = /^(\d{1,6})(?:[.\u3002](\d{1,2}))?$/.exec(text.trim())
  return match ? Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0')) : null
}

/** The same, where a network takes it in one payment. */
export function fenOf(text: string): number | null {
  const fen = amountOf(text)
  return fen !== null && fen >= LEAST_FEN && fen <= MOST_FEN ? fen : null
}

export type Stage =
  /** To be paid, here or at the network. */
  | 'waiting'
  /** Its time is over; the network may still say that it was paid. */
  | 'late'
  | 'recharged'
  /** Paid; the table is being opened. */
  | 'opening'
  /** Paid, and not opened, or not played to the end: it goes back. */
  | 'returned'
  | 'delayed'
  | 'closed'

export function stageOf(order: PayOrder, now: number): Stage {
  if (order.state === 'closed') return 'closed'
  if (order.state === 'pending') return Date.parse(order.expires_at) > now ? 'waiting' : 'late'
  if (order.refund_delayed) return 'delayed'
  if (order.purpose === 'recharge') return 'recharged'
  return order.refunded_fen > 0 ? 'returned' : 'opening'
}

/** Nothing more will come of it by itself. */
export const isOver = (stage: Stage): boolean => stage === 'recharged' || stage === 'returned' || stage === 'closed'
