import { get, post, seg, type Paging } from './http'
import type { EntryKind, Page, QuotaOverview, StatementLine, Transfer, Withdrawal } from './types'

export interface StatementFilter extends Paging {
  kind?: EntryKind | ''
  from?: string
  to?: string
  user?: string
}
export interface WithdrawalFilter extends Paging {
  state?: Withdrawal['state'] | ''
  /** Those alone that somebody has still to decide or to pay. */
  waiting?: true
  scope?: 'mine' | 'review'
}
export interface NewTransfer {
  to_name: string
  amount: number
  memo?: string
}
export interface NewWithdrawal {
  amount: number
  payee_name: string
  payee_account: string
  payee_bank: string
  note?: string
}

export const getQuota = (signal?: AbortSignal) => get<QuotaOverview>('/quota', undefined, signal)
export const listStatement = (filter: StatementFilter, signal?: AbortSignal) =>
  get<Page<StatementLine>>('/quota/statement', filter, signal)
export const transferQuota = (body: NewTransfer, idempotencyKey: string) =>
  post<Transfer>('/quota/transfers', body, { idempotencyKey })

export const listWithdrawals = (filter: WithdrawalFilter, signal?: AbortSignal) =>
  get<Page<Withdrawal>>('/withdrawals', filter, signal)
export const getWithdrawal = (id: string, signal?: AbortSignal) =>
  get<Withdrawal>(`/withdrawals/${seg(id)}`, undefined, signal)
export const requestWithdrawal = (body: NewWithdrawal, idempotencyKey: string) =>
  post<Withdrawal>('/withdrawals', body, { idempotencyKey })
export const approveWithdrawal = (id: string) => post<Withdrawal>(`/withdrawals/${seg(id)}/approve`, {})
export const refuseWithdrawal = (id: string, reason: string) =>
  post<Withdrawal>(`/withdrawals/${seg(id)}/refuse`, { reason })
export const markWithdrawalPaid = (id: string, paymentReference: string) =>
  post<Withdrawal>(`/withdrawals/${seg(id)}/paid`, { payment_reference: paymentReference })
export const cancelWithdrawal = (id: string) => post<Withdrawal>(`/withdrawals/${seg(id)}/cancel`, {})
export const returnWithdrawal = (id: string, reason: string) =>
  post<Withdrawal>(`/withdrawals/${seg(id)}/return`, { reason })
