import { request, type Paging } from './http'
import type { Mail, Page } from './types'

/** Demo installations only; needs no session. */
export const listMail = (paging: Paging, signal?: AbortSignal) =>
  request<Page<Mail>>('GET', '/mailbox', { query: paging, signal, anonymous: true })
