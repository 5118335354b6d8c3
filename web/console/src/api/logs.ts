import { get, seg, type Paging } from './http'
import type { OperationEntry, Page, SignInEntry } from './types'

export interface OperationFilter extends Paging {
  actor?: string
  module?: string
  level?: OperationEntry['level'] | ''
  from?: string
  to?: string
}
export interface SignInFilter extends Paging {
  user?: string
  result?: SignInEntry['result'] | ''
  from?: string
  to?: string
}

export const listOperations = (filter: OperationFilter, signal?: AbortSignal) =>
  get<Page<OperationEntry>>('/logs/operations', filter, signal)
export const getOperation = (id: string, signal?: AbortSignal) =>
  get<OperationEntry>(`/logs/operations/${seg(id)}`, undefined, signal)
export const listSignIns = (filter: SignInFilter, signal?: AbortSignal) =>
  get<Page<SignInEntry>>('/logs/sign-ins', filter, signal)
