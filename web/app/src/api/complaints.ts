import { get, post, seg, type Paging } from './http'
import type { Page } from './types'

export const matters = ['help', 'complaint'] as const
export type Matter = (typeof matters)[number]
export const complaintKinds = ['light', 'table', 'price', 'cleanliness', 'other'] as const
export type ComplaintKind = (typeof complaintKinds)[number]

export interface ComplaintRow {
  id: string
  matter: Matter
  kind: ComplaintKind
  state: 'open' | 'answered' | 'closed'
  venue_name: string
  table_name: string | null
  session_id: string | null
  /** How it began. */
  text: string
  created_at: string
  changed_at: string
}

export interface Complaint extends ComplaintRow {
  /** In order, the customer's own text first. */
  said: { by_staff: boolean; text: string; at: string }[]
  given_back_fen: number | null
  given_back_reason: string | null
  can_reopen: boolean
  can_settle: boolean
}

/** What it is about: a session, or a hall. */
export type About = { session_id: string } | { venue_id: string }
export type NewComplaint = { matter: Matter; kind: ComplaintKind; text: string } & About

export const complain = (form: NewComplaint, idempotencyKey: string) =>
  post<Complaint>('/complaints', { ...form }, { idempotencyKey })
export const complaints = (paging: Paging) => get<Page<ComplaintRow>>('/complaints', { query: paging })
export const complaint = (id: string) => get<Complaint>(`/complaints/${seg(id)}`)
export const reopen = (id: string, text: string) => post<Complaint>(`/complaints/${seg(id)}/reopen`, { text })
export const settle = (id: string) => post<Complaint>(`/complaints/${seg(id)}/settle`)
