import { post, seg } from './http'
import type { HoldAsk, Table } from './types'

export const holdTable = (table: string, body: HoldAsk) => post<Table>(`/tables/${seg(table)}/hold`, body)
export const releaseTable = (table: string) => post<Table>(`/tables/${seg(table)}/release`, {})
