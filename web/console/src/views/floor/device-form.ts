import type { ChangedDevice } from '@/api/devices'
import type { CoilAddress, FloorDevice, NewDevice } from '@/api/types'

/** As it is typed; the names are those of what the server refuses. */
export interface DeviceForm {
  name: string
  driver: NewDevice['driver']
  least_watts: number | undefined
  'address.host': string
  'address.port': number | undefined
  'address.unit': number | undefined
  'address.coil': number | undefined
  'address.framing': CoilAddress['framing']
  'address.timer': CoilAddress['timer']
}

/** A board as it leaves the factory. */
export const emptyDevice = (): DeviceForm => ({
  name: '',
  driver: 'tasmota',
  least_watts: undefined,
  'address.host': '',
  'address.port': 502,
  'address.unit': 1,
  'address.coil': 0,
  'address.framing': 'tcp',
  'address.timer': 'none',
})

type Trouble = 'name' | 'watts' | 'host' | 'port' | 'boardUnit' | 'coil' | 'timedCoil'

const between = (value: number | undefined, least: number, most: number): boolean =>
  value !== undefined && value >= least && value <= most

/** What a lamp may be said to draw at least; nothing: it is not watched. */
export const mayDraw = (watts: number | undefined): boolean => watts === undefined || between(watts, 1, 5_000)

/** What a relay has measured, in watts: to a tenth, and never more than it was. */
export const wattsOf = (milliwatts: number): number => Math.floor(milliwatts / 100) / 10

/** What can be said before asking the server. */
export function deviceTroubles(form: DeviceForm): Partial<Record<keyof DeviceForm, Trouble>> {
  const name = form.name.trim() ? undefined : 'name'
  if (form.driver !== 'modbus') return { name, least_watts: mayDraw(form.least_watts) ? undefined : 'watts' }
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
  if (form.driver !== 'modbus')
    return form.least_watts === undefined ? device : { ...device, least_watts: form.least_watts }
  return { ...device, address: addressOf(form) }
}

const addressOf = (form: DeviceForm): CoilAddress => ({
  host: form['address.host'].trim(),
  port: form['address.port'] ?? 0,
  unit: form['address.unit'] ?? 0,
  coil: form['address.coil'] ?? 0,
  framing: form['address.framing'],
  timer: form['address.timer'],
})

/** A device as it is, to be changed. */
export function formOf(device: Pick<FloorDevice, 'name' | 'driver' | 'address'>): DeviceForm {
  const form = { ...emptyDevice(), name: device.name, driver: device.driver }
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
  const change = { driver, name: form.name.trim(), replaced: replaced && driver !== 'modbus', version }
  return driver === 'modbus' ? { ...change, address: addressOf(form) } : change
}

/** Whether it is on the broker: it has a password that can be replaced, and may measure. A relay board does neither. */
export const isOnBroker = (device: Pick<FloorDevice, 'address'> | null): boolean =>
  device !== null && device.address === null

/** Where a board is. The colons of an IPv6 address are not the port's. */
export const boardOf = ({ host, port }: CoilAddress): string => `${host.includes(':') ? `[${host}]` : host}:${port}`
