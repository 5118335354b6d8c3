import { get, post, seg, type Paging } from './http'
import type { Case, DeviceLogLine, Page, Role, UserRef } from './types'

export type Matter = 'help' | 'complaint'
export type ComplaintKind = 'light' | 'table' | 'price' | 'cleanliness' | 'other'
export type ComplaintState = 'open' | 'answered' | 'closed'

export interface ComplaintRow {
  id: string
  venue_id: string
  venue_name: string
  /** Where the session was. */
  table_id: string | null
  table_name: string | null
  session_id: string | null
  matter: Matter
  kind: ComplaintKind
  state: ComplaintState
  /** How it began. */
  text: string
  created_at: string
  changed_at: string
}

export interface ComplaintSession {
  id: string
  state: string
  asked_at: string
  lit_at: string | null
  ended_at: string | null
  text: string
  cost_so_far_fen: number
  bill: {
    lines: { kind: string; text: string; fen: number }[]
    total_fen: number
    refunded_fen: number
    to_source_fen: number
    to_balance_fen: number
  } | null
}

export interface Complaint extends ComplaintRow {
  customer: { number: string; phone: string | null }
  said: { by: UserRef | null; text: string; at: string }[]
  session: ComplaintSession | null
  device: { id: string; name: string; online: boolean; wanted: boolean; reported: boolean | null } | null
  /** What the light did around the session, newest first. */
  log: DeviceLogLine[]
  /** Open at that table now. */
  case: Case | null
  had_case: boolean
  /** What the customer has paid for the session: the most that can be given back. */
  paid_fen: number
  given_back: { amount_fen: number; reason: string; by: UserRef; at: string } | null
  /** Who of the hall may answer and close it. */
  answered_by: Role[]
  /** By whoever looks at it, as it stands now. */
  can_answer: boolean
  can_close: boolean
}

export interface HallFigures {
  venue_id: string
  venue_name: string
  since: string
  sessions: number
  complained: number
  /** At most one in a thousand. */
  within_bound: boolean
  open: number
}

export interface ComplaintFilter extends Paging {
  venue?: string
  state?: ComplaintState | ''
  matter?: Matter | ''
  kind?: ComplaintKind | ''
}

export const listComplaints = (filter: ComplaintFilter, signal?: AbortSignal) =>
  get<Page<ComplaintRow>>('/complaints', filter, signal)
export const getFigures = (signal?: AbortSignal) =>
  get<{ items: HallFigures[] }>('/complaints/figures', undefined, signal)
export const getComplaint = (id: string, signal?: AbortSignal) =>
  get<Complaint>(`/complaints/${seg(id)}`, undefined, signal)
export const answerComplaint = (id: string, text: string) => post<Complaint>(`/complaints/${seg(id)}/answer`, { text })
export const closeComplaint = (id: string) => post<Complaint>(`/complaints/${seg(id)}/close`, {})
/** All of the customer's number; in the operation log. */
export const showPhone = (id: string) => post<{ phone: string }>(`/complaints/${seg(id)}/phone`, {})
export const giveBack = (id: string, amountFen: number, reason: string, idempotencyKey: string) =>
  post<Complaint>(`/complaints/${seg(id)}/give-back`, { amount_fen: amountFen, reason }, { idempotencyKey })
