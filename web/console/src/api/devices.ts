import { get, put, seg, type Paging } from './http'
import type { Cause, CoilAddress, Credentials, Driver, Page, TableState, UserRef } from './types'

export type DeviceState = 'agrees' | 'differs' | 'away'
export type CaseState = 'open' | 'closed'

/** A light of one of the halls where one works. */
export interface DeviceRow {
  id: string
  venue_id: string
  venue_name: string
  table_id: string
  table_name: string
  table_state: TableState
  driver: Driver
  name: string
  state: DeviceState
  online_since: string
  wanted: boolean
  /** What it says it is; null: not known. */
  reported: boolean | null
  reported_at: string | null
}

/** Something that was broken, until somebody had seen to it. */
export interface CaseRow {
  id: string
  venue_id: string
  venue_name: string
  table_id: string
  table_name: string
  cause: Cause
  note: string
  session_id: string | null
  opened_at: string
  closed_at: string | null
  /** None of what is over: it has ended by itself. */
  closed_by: UserRef | null
  closing_note: string | null
}

export interface ChangedDevice {
  driver: Driver
  name: string
  /** Of modbus alone. */
  address?: CoilAddress
  /** Of its device, 1 to 8; absent: as it is. */
  channel?: number
  /** Another light, on whose device it is from now on; absent: it stays where it is. */
  beside?: string
  locks_button?: boolean
  /** Another device of the same kind. */
  replaced: boolean
  version: number
}

export interface DeviceFilter extends Paging {
  venue?: string
  state?: DeviceState | ''
}

export interface CaseFilter extends Paging {
  venue?: string
  state?: CaseState | ''
}

export const listDevices = (filter: DeviceFilter, signal?: AbortSignal) =>
  get<Page<DeviceRow>>('/devices', filter, signal)
export const listCases = (filter: CaseFilter, signal?: AbortSignal) => get<Page<CaseRow>>('/cases', filter, signal)
export const changeDevice = (device: string, body: ChangedDevice) => put<Credentials>(`/devices/${seg(device)}`, body)
