import { get, post, put, seg, type Paging } from './http'
import type {
  EarlierForm,
  Merchant,
  MerchantForm,
  OrderPayer,
  Page,
  PayChannel,
  PaymentsWaiting,
  PayOrder,
  PayOrderDetail,
  PayProblemCode,
  PayRefund,
  Reconciliation,
  RefundsRetried,
  RemedyAsk,
} from './types'

interface ByState<S extends string> extends Paging {
  state?: S | ''
}

export const getWaiting = (signal?: AbortSignal) => get<PaymentsWaiting>('/payments/waiting', undefined, signal)

/** `waiting`: those alone about whose payments something does not fit that nobody has looked after. */
export const listOrders = (filter: ByState<PayOrder['state']> & { waiting?: true }, signal?: AbortSignal) =>
  get<Page<PayOrder>>('/payments/orders', filter, signal)
export const getOrder = (id: string, signal?: AbortSignal) =>
  get<PayOrderDetail>(`/payments/orders/${seg(id)}`, undefined, signal)
/** Whose it is, and for which table. */
export const getPayer = (order: string, signal?: AbortSignal) =>
  get<OrderPayer>(`/payments/orders/${seg(order)}/payer`, undefined, signal)
/** By its id, our number at a network, or the network's own. */
export const findOrder = (number: string, signal?: AbortSignal) =>
  get<PayOrderDetail>('/payments/find', { number }, signal)
/** All that does not fit about its payments was looked after. */
export const markSeen = (order: string, note: string) =>
  post<undefined>(`/payments/orders/${seg(order)}/seen`, { note })

/** Nothing more is asked for of what was frozen and cannot be taken: it will not come. */
export const writeOff = (order: string, note: string) =>
  post<PayOrderDetail>(`/payments/orders/${seg(order)}/write-off`, { note })

/** What a merchant of before says nothing of is asked about no more, and goes back where it arrives after all. */
export const endPayments = (order: string, note: string) =>
  post<PayOrderDetail>(`/payments/orders/${seg(order)}/end`, { note })

export const listRefunds = (filter: ByState<PayRefund['state']>, signal?: AbortSignal) =>
  get<Page<PayRefund>>('/payments/refunds', filter, signal)
export const remedyRefund = (id: string, ask: RemedyAsk) => post<PayRefund>(`/payments/refunds/${seg(id)}/remedy`, ask)
/** All that are stuck over the same; over the merchant’s balance those too that wait for their next try. */
export const retryRefunds = (problem: PayProblemCode) => post<RefundsRetried>('/payments/refunds/retry', { problem })

export const getReconciliation = (signal?: AbortSignal) =>
  get<Reconciliation>('/payments/reconciliation', undefined, signal)
export const settleDifference = (id: string, note: string) =>
  post<undefined>(`/payments/differences/${seg(id)}/settle`, { note })

export const listMerchants = (signal?: AbortSignal) =>
  get<{ items: Merchant[] }>('/payments/channels', undefined, signal)
export const setMerchant = (channel: PayChannel, form: MerchantForm) =>
  put<Merchant>(`/payments/channels/${seg(channel)}`, form)
/** How we are known as a merchant of before, who stays one; or it is forgotten. */
export const setEarlier = (channel: PayChannel, form: EarlierForm) =>
  put<Merchant>(`/payments/channels/${seg(channel)}/earlier`, form)
