import { get, seg, type Paging } from './http'
import type { CallExplained, ClientCall, Page } from './types'

export interface CallFilter extends Paging {
  project?: string
  code?: string
  key?: string
  device?: string
  endpoint?: ClientCall['endpoint'] | ''
  only_refused?: boolean
  from?: string
  to?: string
}

export const listCalls = (filter: CallFilter, signal?: AbortSignal) => get<Page<ClientCall>>('/calls', filter, signal)
export const explainCall = (id: string, signal?: AbortSignal) =>
  get<CallExplained>(`/calls/${seg(id)}`, undefined, signal)
