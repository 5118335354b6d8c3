import { get, post, seg } from './http'
import type { Channel, Customer, PayMethod, PayOrder, PlayTime } from './types'

/** Exactly one of them. */
export type PayFor =
  { recharge: { amount_fen: number } } | { table: { table_id: string; expected_fen: number } & PlayTime }

export const paymentMeans = () => get<{ channels: Channel[] }>('/payment-means', { auth: 'optional' })
export const createOrder = (what: PayFor, method: PayMethod, idempotencyKey: string) =>
  post<PayOrder>('/orders', { method, ...what }, { idempotencyKey })
export const order = (id: string) => get<PayOrder>(`/orders/${seg(id)}`)
export const payOtherwise = (id: string, method: PayMethod) => post<PayOrder>(`/orders/${seg(id)}/method`, { method })
export const cancelOrder = (id: string) => post<PayOrder>(`/orders/${seg(id)}/cancel`)

/** Of the wallet: the most that can go back to where it came from, and up to what any amount can. */
export interface Refundable {
  amount_fen: number
  freely_fen: number
}

export const refundable = () => get<Refundable>('/refundable')
export const refund = (amountFen: number, idempotencyKey: string) =>
  post<Customer>('/refunds', { amount_fen: amountFen }, { idempotencyKey })
