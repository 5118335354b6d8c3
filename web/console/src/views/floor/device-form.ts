import type { ChangedDevice } from '@/api/devices'
import type { CoilAddress, Driver, FloorDevice, FloorTable, NewDevice } from '@/api/types'

/** As it is typed; the names are those of what the server refuses. */
export interface DeviceForm {
  name: string
  driver: NewDevice['driver']
  least_watts: number | undefined
  /** Another light, on whose device it is. */
  beside: string
  channel: number | undefined
  locks_button: boolean
  'address.host': string
  'address.port': number | undefined
  'address.unit': number | undefined
  'address.coil': number | undefined
  'address.framing': CoilAddress['framing']
  'address.timer': CoilAddress['timer']
}

/** Beside no other light. */
export const ALONE = 'alone'

/** A board as it leaves the factory, and a device with a light alone. */
export const emptyDevice = (): DeviceForm => ({
  name: '',
  driver: 'tasmota',
  least_watts: undefined,
  beside: ALONE,
  channel: 1,
  locks_button: true,
  'address.host': '',
  'address.port': 502,
  'address.unit': 1,
  'address.coil': 0,
  'address.framing': 'tcp',
  'address.timer': 'none',
})

type Trouble = 'name' | 'watts' | 'channel' | 'host' | 'port' | 'boardUnit' | 'coil' | 'timedCoil'

/** Of a device, counted from 1. */
const CHANNELS = 8

const between = (value: number | undefined, least: number, most: number): boolean =>
  value !== undefined && value >= least && value <= most

/** What a lamp may be said to draw at least; nothing: it is not watched. */
export const mayDraw = (watts: number | undefined): boolean => watts === undefined || between(watts, 1, 5_000)

/** What a relay has measured, in watts: to a tenth, and never more than it was. */
export const wattsOf = (milliwatts: number): number => Math.floor(milliwatts / 100) / 10

/** Why a relay board refuses to be read, by its exception code. */
export function refusalOf(code: number) {
  switch (code) {
    case 1:
      return 'function'
    case 2:
      return 'coil'
    case 3:
      return 'count'
    case 4:
      return 'failed'
    case 5:
    case 6:
      return 'busy'
    case 10:
    case 11:
      return 'silent'
    default:
      return 'other'
  }
}

/** What can be said before asking the server. */
export function deviceTroubles(form: DeviceForm): Partial<Record<keyof DeviceForm, Trouble>> {
  const name = form.name.trim() ? undefined : 'name'
  if (form.driver !== 'modbus')
    return {
      name,
      channel: between(form.channel, 1, CHANNELS) ? undefined : 'channel',
      least_watts: !mayBeWatched(form) || mayDraw(form.least_watts) ? undefined : 'watts',
    }
  return {
    name,
    'address.host': form['address.host'].trim() ? undefined : 'host',
    'address.port': between(form['address.port'], 1, 65_535) ? undefined : 'port',
    'address.unit': between(form['address.unit'], form['address.framing'] === 'rtu' ? 1 : 0, 255)
      ? undefined
      : 'boardUnit',
    'address.coil': between(form['address.coil'], 0, form['address.timer'] === 'flash' ? 254 : 65_535)
      ? undefined
      : form['address.timer'] === 'flash'
        ? 'timedCoil'
        : 'coil',
  }
}

/** What is sent, of a form without troubles. */
export function deviceOf(form: DeviceForm, table: string): NewDevice {
  const device = { table_id: table, driver: form.driver, name: form.name.trim() }
  if (form.driver === 'modbus') return { ...device, address: addressOf(form) }
  const least = form.least_watts === undefined || !mayBeWatched(form) ? {} : { least_watts: form.least_watts }
  return { ...device, ...placeOf(form), ...least }
}

/** Where it is on the broker, and what becomes of its button. */
const placeOf = ({ beside, channel, locks_button }: DeviceForm) => ({
  channel: channel ?? 1,
  locks_button,
  ...(beside === ALONE ? {} : { beside }),
})

/** The channels of a Tasmota share one meter. */
export const mayBeWatched = ({ driver, beside }: DeviceForm): boolean => driver !== 'tasmota' || beside === ALONE

const addressOf = (form: DeviceForm): CoilAddress => ({
  host: form['address.host'].trim(),
  port: form['address.port'] ?? 0,
  unit: form['address.unit'] ?? 0,
  coil: form['address.coil'] ?? 0,
  framing: form['address.framing'],
  timer: form['address.timer'],
})

/** A device as it is, to be changed. */
export function formOf(
  device: Pick<FloorDevice, 'name' | 'driver' | 'address' | 'channel' | 'locks_button'>,
): DeviceForm {
  const { name, driver, locks_button } = device
  const form = { ...emptyDevice(), name, driver, locks_button, channel: device.channel ?? 1 }
  if (!device.address) return form
  const { host, port, unit, coil, framing, timer } = device.address
  return {
    ...form,
    'address.host': host,
    'address.port': port,
    'address.unit': unit,
    'address.coil': coil,
    'address.framing': framing,
    'address.timer': timer,
  }
}

/** What is sent of a changed one: another of the same kind is said to be, another of another kind is to be seen. */
export function changeOf(form: DeviceForm, replaced: boolean, version: number): ChangedDevice {
  const { driver } = form
  const change = { driver, name: form.name.trim(), version }
  if (driver === 'modbus') return { ...change, replaced: false, address: addressOf(form) }
  return { ...change, ...placeOf(form), replaced: replaced && form.beside === ALONE }
}

/** A device on which another light may be, by one of those that are. */
export interface Relay {
  id: string
  tables: string[]
  channels: number[]
}

/** Those of a hall that are of a kind, but for the one with this topic. */
export function relaysOf(tables: readonly FloorTable[], driver: Driver, but: string | null = null): Relay[] {
  const relays = new Map<string, Relay>()
  for (const { name, device } of tables) {
    if (!device || device.topic === null || device.topic === but || device.driver !== driver) continue
    const relay: Relay = relays.get(device.topic) ?? { id: device.id, tables: [], channels: [] }
    relay.tables.push(name)
    relay.channels.push(device.channel ?? 1)
    relays.set(device.topic, relay)
  }
  return [...relays.values()]
}

/** The first channel that no light has, or the last. */
export function freeChannel({ channels }: Relay): number {
  let channel = 1
  while (channel < CHANNELS && channels.includes(channel)) channel += 1
  return channel
}

/** Whether other tables' lights are on the device of this one. */
export const isShared = (tables: readonly FloorTable[], device: FloorDevice | null): boolean =>
  device !== null &&
  device.topic !== null &&
  tables.some((table) => table.device?.topic === device.topic && table.device.id !== device.id)

/** Whether it is on the broker: it has a password that can be replaced, and may measure. A relay board does neither. */
export const isOnBroker = (device: Pick<FloorDevice, 'address'> | null): boolean =>
  device !== null && device.address === null

/** Where a board is. The colons of an IPv6 address are not the port's. */
export const boardOf = ({ host, port }: CoilAddress): string => `${host.includes(':') ? `[${host}]` : host}:${port}`
