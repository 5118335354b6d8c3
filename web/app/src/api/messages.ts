import { get, post, type Paging } from './http'
import type { Page } from './types'

export interface Message {
  id: string
  kind: string
  title: string
  body: string
  /** Absent of a server that does not tell it. */
  read?: boolean
  created_at: string
}

export const messages = (paging: Paging) => get<Page<Message>>('/messages', { query: paging })
/** That one and all before it. Twice is fine. */
export const readMessages = (newest: string) => post<void>('/messages/read', { newest })
