import { describe, expect, it } from 'vitest'
import type { FloorDevice, FloorTable } from '@/api/types'
import {
  ALONE,
  boardOf,
  changeOf,
  deviceOf,
  deviceTroubles,
  emptyDevice,
  formOf,
  freeChannel,
  isOnBroker,
  isShared,
  refusalOf,
  relaysOf,
  wattsOf,
} from '@/views/floor/device-form'
import type { DeviceForm } from '@/views/floor/device-form'

const form = (change: Partial<DeviceForm> = {}): DeviceForm => ({ ...emptyDevice(), name: ' lamp ', ...change })
const coil = (change: Partial<DeviceForm> = {}): DeviceForm =>
  form({ driver: 'modbus', 'address.host': ' 192.168.1.50 ', ...change })
const troubles = (of: DeviceForm): string[] =>
  Object.values(deviceTroubles(of)).filter((trouble) => trouble !== undefined)

describe('a light that is changed', () => {
  const at = { host: '192.168.1.50', port: 502, unit: 1, coil: 7 }
  const address = { ...at, framing: 'rtu', timer: 'flash' } as const

  it('is sent as it was where nothing is changed', () => {
    const relay = formOf({ name: 'lamp', driver: 'shelly', address: null, channel: 3, locks_button: true })
    const same = { driver: 'shelly', name: 'lamp', channel: 3, locks_button: true, replaced: false, version: 3 }
    expect(changeOf(relay, false, 3)).toEqual(same)
    const board = formOf({ name: 'lamp', driver: 'modbus', address, channel: null, locks_button: false })
    expect(changeOf(board, false, 3)).toEqual({ driver: 'modbus', name: 'lamp', replaced: false, version: 3, address })
  })

  it('is another of its kind where that is said, and a coil is another by its address alone', () => {
    const relay = formOf({ name: 'lamp', driver: 'tasmota', address: null, channel: 1, locks_button: false })
    expect(changeOf(relay, true, 1)).toMatchObject({ replaced: true })
    const board = formOf({ name: 'lamp', driver: 'modbus', address, channel: null, locks_button: false })
    expect(changeOf(board, true, 1)).toMatchObject({ replaced: false })
  })

  it('goes to another light’s device where that is chosen', () => {
    const relay = formOf({ name: 'lamp', driver: 'tasmota', address: null, channel: 1, locks_button: false })
    const change = changeOf({ ...relay, beside: 'dev_2', channel: 4 }, true, 1)
    expect(change).toMatchObject({ beside: 'dev_2', channel: 4, replaced: false })
    expect(changeOf(relay, false, 1)).not.toHaveProperty('beside')
  })
})

describe('a board that refuses', () => {
  it('says why in words, whichever code it has', () => {
    const words = [1, 2, 3, 4, 6, 10, 11, 99].map(refusalOf)
    expect(words).toEqual(['function', 'coil', 'count', 'failed', 'busy', 'silent', 'silent', 'other'])
  })
})

describe('a light that is added', () => {
  it('has an address only where it is a coil', () => {
    const lamp = { table_id: 'tbl_1', driver: 'tasmota', name: 'lamp', channel: 1, locks_button: true }
    expect(deviceOf(form(), 'tbl_1')).toEqual(lamp)
    expect(deviceOf(coil({ 'address.coil': 7, 'address.framing': 'rtu' }), 'tbl_1')).toEqual({
      table_id: 'tbl_1',
      driver: 'modbus',
      name: 'lamp',
      address: { host: '192.168.1.50', port: 502, unit: 1, coil: 7, framing: 'rtu', timer: 'none' },
    })
    expect(deviceOf(coil({ 'address.timer': 'flash' }), 'tbl_1')).toMatchObject({ address: { timer: 'flash' } })
  })

  it('is checked before it is sent', () => {
    expect(troubles(form())).toEqual([])
    expect(troubles(coil())).toEqual([])
    expect(troubles(form({ name: ' ' }))).toEqual(['name'])
    const wrong = { 'address.host': ' ', 'address.port': 0, 'address.unit': 256, 'address.coil': undefined }
    expect(troubles(coil(wrong))).toEqual(['host', 'port', 'boardUnit', 'coil'])
    expect(troubles(form(wrong))).toEqual([])
    const last = (timer: 'none' | 'flash') => troubles(coil({ 'address.coil': 255, 'address.timer': timer }))
    expect([last('none'), last('flash')]).toEqual([[], ['timedCoil']])
  })

  it('may be watched where its relay can measure', () => {
    expect(deviceOf(form({ least_watts: 20 }), 'tbl_1')).toMatchObject({ least_watts: 20 })
    expect(deviceOf(coil({ least_watts: 20 }), 'tbl_1')).not.toHaveProperty('least_watts')
    const wrong = [0, 5001].map((least_watts) => troubles(form({ least_watts })))
    expect(wrong).toEqual([['watts'], ['watts']])
    expect(troubles(form({ least_watts: 5000 }))).toEqual([])
    expect(troubles(coil({ least_watts: 0 }))).toEqual([])
    // The channels of a Tasmota share one meter, and a Shelly measures each.
    const beside = (driver: 'tasmota' | 'shelly') => form({ driver, least_watts: 20, beside: 'dev_1', channel: 2 })
    expect(deviceOf(beside('tasmota'), 'tbl_1')).not.toHaveProperty('least_watts')
    expect(deviceOf(beside('shelly'), 'tbl_1')).toMatchObject({ least_watts: 20 })
    expect(troubles({ ...beside('tasmota'), least_watts: 0 })).toEqual([])
  })

  it('is on one of eight channels of a device', () => {
    const wrong = [undefined, 0, 9].map((channel) => troubles(form({ channel })))
    expect(wrong).toEqual([['channel'], ['channel'], ['channel']])
    expect(troubles(form({ channel: 8 }))).toEqual([])
    expect(troubles(coil({ channel: 9 }))).toEqual([])
    expect(deviceOf(form({ beside: 'dev_1', channel: 2 }), 'tbl_1')).toMatchObject({ beside: 'dev_1', channel: 2 })
    expect(deviceOf(form({ beside: ALONE }), 'tbl_1')).not.toHaveProperty('beside')
  })

  it('shows what it draws to a tenth, and never more', () => {
    expect([0, 400, 19_999, 20_000, 118_460].map(wattsOf)).toEqual([0, 0.4, 19.9, 20, 118.4])
  })

  it('is of unit 0 by Modbus TCP alone', () => {
    expect(troubles(coil({ 'address.unit': 0 }))).toEqual([])
    expect(troubles(coil({ 'address.unit': 0, 'address.framing': 'rtu' }))).toEqual(['boardUnit'])
  })

  it('shows its board as one would type it', () => {
    const at = { port: 502, unit: 1, coil: 0, framing: 'tcp' as const, timer: 'none' as const }
    expect(boardOf({ ...at, host: 'board.lan' })).toBe('board.lan:502')
    expect(boardOf({ ...at, host: 'fd00::7' })).toBe('[fd00::7]:502')
  })

  it('is on the broker unless it is a coil', () => {
    expect(isOnBroker(null)).toBe(false)
    expect(isOnBroker({ address: null })).toBe(true)
    expect(isOnBroker({ address: { host: 'a', port: 502, unit: 1, coil: 0, framing: 'tcp', timer: 'none' } })).toBe(
      false,
    )
  })
})

describe('devices with several lights', () => {
  const light = (id: string, topic: string | null, channel: number | null, driver = 'tasmota') =>
    ({ id, topic, channel, driver }) as FloorDevice
  const table = (name: string, device: FloorDevice | null) => ({ name, device }) as FloorTable
  const one = light('dev_1', 'ck-1', 1)
  const tables = [
    table('A1', one),
    table('A2', light('dev_2', 'ck-1', 2)),
    table('A3', light('dev_3', 'ck-3', 1)),
    table('A4', light('dev_4', 'ck-4', 1, 'shelly')),
    table('A5', light('dev_5', null, null, 'modbus')),
    table('A6', null),
  ]

  it('are offered once, by the tables that they light', () => {
    const both = { id: 'dev_1', tables: ['A1', 'A2'], channels: [1, 2] }
    expect(relaysOf(tables, 'tasmota')).toEqual([both, { id: 'dev_3', tables: ['A3'], channels: [1] }])
    expect(relaysOf(tables, 'tasmota', 'ck-3')).toEqual([both])
    expect(relaysOf(tables, 'shelly').map(({ id }) => id)).toEqual(['dev_4'])
    expect(relaysOf(tables, 'modbus')).toEqual([])
  })

  it('have another light on the first channel that is free', () => {
    const free = (...channels: number[]) => freeChannel({ id: 'dev_1', tables: [], channels })
    expect([free(1, 2), free(2, 3), free(1, 3), free()]).toEqual([3, 1, 2, 1])
    expect(free(1, 2, 3, 4, 5, 6, 7, 8)).toBe(8)
  })

  it('are told from those with one', () => {
    expect([isShared(tables, one), isShared(tables, tables[2]?.device ?? null)]).toEqual([true, false])
    expect([isShared(tables, tables[4]?.device ?? null), isShared(tables, null)]).toEqual([false, false])
  })
})
