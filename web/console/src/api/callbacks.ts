import { get, post, put, seg, type Paging } from './http'
import type { CallbackEvent, Delivery, DeliveryDetail, FailedDone, Page } from './types'

export interface DeliveryFilter extends Paging {
  project?: string
  state?: Delivery['state'] | ''
  event?: Delivery['event'] | ''
}

/** `revision`: the project's as it was looked at. */
export const setCallback = (
  projectId: string,
  body: { url: string | null; events: CallbackEvent[]; revision: number },
) => put<{ secret?: string }>(`/projects/${seg(projectId)}/callback`, body)
export const rotateCallbackSecret = (projectId: string) =>
  post<{ secret: string }>(`/projects/${seg(projectId)}/callback/rotate`)
export const testCallback = (projectId: string) => post<Delivery>(`/projects/${seg(projectId)}/callback/test`)

export const listDeliveries = (filter: DeliveryFilter, signal?: AbortSignal) =>
  get<Page<Delivery>>('/deliveries', filter, signal)
export const getDelivery = (id: string, signal?: AbortSignal) =>
  get<DeliveryDetail>(`/deliveries/${seg(id)}`, undefined, signal)
export const resendDelivery = (id: string) => post<Delivery>(`/deliveries/${seg(id)}/resend`)
export const dismissDelivery = (id: string) => post<Delivery>(`/deliveries/${seg(id)}/dismiss`)
export const resendFailed = (projectId: string) =>
  post<FailedDone>(`/projects/${seg(projectId)}/callback/resend-failed`)
export const dismissFailed = (projectId: string) =>
  post<FailedDone>(`/projects/${seg(projectId)}/callback/dismiss-failed`)
