import { expect } from '@playwright/test'
import type { DeviceRow } from '../../src/api/devices'
import type { Offers } from '../../src/api/offers'
import type * as T from '../../src/api/types'
import { demo, somebody, type Api, type Person } from './api'
import type { Board } from './board'
import { unique } from './demo'

const TARIFF: T.Tariff = { per_hour: 3_600, unit_minutes: 5, grace_minutes: 3 }

const always: T.Days = { weekdays: Array<boolean>(7).fill(true), holidays: true }
const hours = (from: number, to: number): T.Hours => ({ from: from * 60, to: to * 60 })
/** With all that is said of prices. Who reads English is not told the Chinese name of a package. */
export const FULL_TARIFF: T.Tariff = {
  per_hour: 3_600,
  bands: [{ days: always, hours: hours(18, 2), per_hour: 4_800 }],
  unit_minutes: 5,
  grace_minutes: 0,
  minimum: 500,
  session_cap: 30_000,
  night: { hours: hours(22, 8), cap: 16_800 },
  packages: [
    {
      id: 1,
      name_zh: '欢打三小时',
      name_en: 'Three hours',
      span: { minutes: 180 },
      price: 8_800,
      early: 'cheaper',
      days: always,
      sold: hours(8, 22),
    },
  ],
}

export const newHall = (api: Api, change: Partial<T.NewVenue> = {}) =>
  api.post<T.Venue>('/venues', { name: unique('hall'), time_zone: 'Asia/Shanghai', tariff: TARIFF, ...change })

/** A hall that no other test looks at, and who manages it. Nothing in it has a Chinese name. */
export async function ownHall(change: Partial<T.NewVenue> = {}): Promise<{ manager: Person; venue: T.Venue }> {
  const manager = await somebody('venue_manager', await demo('super_admin'))
  return { manager, venue: await newHall(manager.api, change) }
}

export const newTable = (api: Api, { id }: T.Venue, name: string, x = 100) =>
  api.post<T.Table>(`/venues/${id}/tables`, { name, x, y: 100 })

/** Nobody has entered anything into it: it does not come. */
export const addRelay = (api: Api, { id, name }: T.Table) =>
  api.post<T.Credentials>('/devices', { table_id: id, driver: 'tasmota', name: `Relay ${name}` })

/** The coil of a board. */
export const addCoil = (api: Api, { id, name }: T.Table, port: number) =>
  api.post<T.Credentials>('/devices', {
    table_id: id,
    driver: 'modbus',
    name: `Coil ${name}`,
    address: { host: '127.0.0.1', port, unit: 1, coil: 0, framing: 'tcp', timer: 'none' },
  })

/** Boards are asked every few seconds. */
export const ASKED = { timeout: 30_000 }

/** A table that customers can open: its light is on this board, and has answered. */
export async function tableInService(api: Api, venue: T.Venue, name: string, board: Board): Promise<T.Table> {
  const table = await newTable(api, venue, name)
  await addCoil(api, table, board.port)
  const agrees = async () => {
    const { items } = await api.get<T.Page<DeviceRow>>('/devices?state=agrees')
    return items.some(({ table_id }) => table_id === table.id)
  }
  await expect.poll(agrees, ASKED).toBe(true)
  return api.post<T.Table>(`/tables/${table.id}/in-service`, { note: '' })
}

/** Pauses of twenty minutes, in the dark: of what is opened from now on. */
export const offerPauses = (api: Api, { id }: T.Venue) =>
  api.call<Offers>('PUT', `/venues/${id}/offers`, {
    pause_minutes: 20,
    pause_lit: false,
    cleaning_minutes: 0,
    hold_minutes: 15,
    version: 0,
  } satisfies Offers)
