import type { CoilAddress, FloorDevice, NewDevice } from '@/api/types'

/** As it is typed; the names are those of what the server refuses. */
export interface DeviceForm {
  name: string
  driver: NewDevice['driver']
  'address.host': string
  'address.port': number | undefined
  'address.unit': number | undefined
  'address.coil': number | undefined
  'address.framing': CoilAddress['framing']
}

/** A board as it leaves the factory. */
export const emptyDevice = (): DeviceForm => ({
  name: '',
  driver: 'tasmota',
  'address.host': '',
  'address.port': 502,
  'address.unit': 1,
  'address.coil': 0,
  'address.framing': 'tcp',
})

type Trouble = 'name' | 'host' | 'port' | 'boardUnit' | 'coil'

const between = (value: number | undefined, least: number, most: number): boolean =>
  value !== undefined && value >= least && value <= most

/** What can be said before asking the server. */
export function deviceTroubles(form: DeviceForm): Partial<Record<keyof DeviceForm, Trouble>> {
  const name = form.name.trim() ? undefined : 'name'
  if (form.driver !== 'modbus') return { name }
  return {
    name,
    'address.host': form['address.host'].trim() ? undefined : 'host',
    'address.port': between(form['address.port'], 1, 65_535) ? undefined : 'port',
    'address.unit': between(form['address.unit'], form['address.framing'] === 'rtu' ? 1 : 0, 255)
      ? undefined
      : 'boardUnit',
    'address.coil': between(form['address.coil'], 0, 65_535) ? undefined : 'coil',
  }
}

/** What is sent, of a form without troubles. */
export function deviceOf(form: DeviceForm, table: string): NewDevice {
  const device = { table_id: table, driver: form.driver, name: form.name.trim() }
  if (form.driver !== 'modbus') return device
  const address = {
    host: form['address.host'].trim(),
    port: form['address.port'] ?? 0,
    unit: form['address.unit'] ?? 0,
    coil: form['address.coil'] ?? 0,
    framing: form['address.framing'],
  }
  return { ...device, address }
}

/** Whether there is a password in it that can be replaced: nothing is entered into a relay board. */
export const hasPassword = (device: Pick<FloorDevice, 'address'> | null): boolean =>
  device !== null && device.address === null

/** Where a board is. The colons of an IPv6 address are not the port's. */
export const boardOf = ({ host, port }: CoilAddress): string => `${host.includes(':') ? `[${host}]` : host}:${port}`
