import { get, post, seg, type Paging } from './http'
import type { Notification, Page } from './types'

export interface NotificationFilter extends Paging {
  unread?: boolean
}

export const listNotifications = (filter: NotificationFilter, signal?: AbortSignal) =>
  get<Page<Notification>>('/notifications', filter, signal)
export const markRead = (id: string) => post<void>(`/notifications/${seg(id)}/read`)
export const markAllRead = () => post<void>('/notifications/read-all')
export const countUnread = () => get<{ unread: number }>('/notifications/unread')
