import type * as T from '../../src/api/types'
import { demo, somebody, type Api, type Person } from './api'
import { unique } from './demo'

const TARIFF: T.Tariff = { per_hour: 3_600, unit_minutes: 5, grace_minutes: 3 }

export const newHall = (api: Api) =>
  api.post<T.Venue>('/venues', { name: unique('hall'), time_zone: 'Asia/Shanghai', tariff: TARIFF })

/** A hall that no other test looks at, and who manages it. Nothing in it has a Chinese name. */
export async function ownHall(): Promise<{ manager: Person; venue: T.Venue }> {
  const manager = await somebody('venue_manager', await demo('super_admin'))
  return { manager, venue: await newHall(manager.api) }
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
    address: { host: '127.0.0.1', port, unit: 1, coil: 0, framing: 'tcp' },
  })
