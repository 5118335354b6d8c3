import { describe, expect, it } from 'vitest'
import {
  boardOf,
  changeOf,
  deviceOf,
  deviceTroubles,
  emptyDevice,
  formOf,
  isOnBroker,
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
    const relay = formOf({ name: 'lamp', driver: 'shelly', address: null })
    expect(changeOf(relay, false, 3)).toEqual({ driver: 'shelly', name: 'lamp', replaced: false, version: 3 })
    const board = formOf({ name: 'lamp', driver: 'modbus', address })
    expect(changeOf(board, false, 3)).toEqual({ driver: 'modbus', name: 'lamp', replaced: false, version: 3, address })
  })

  it('is another of its kind where that is said, and a coil is another by its address alone', () => {
    const relay = formOf({ name: 'lamp', driver: 'tasmota', address: null })
    expect(changeOf(relay, true, 1)).toMatchObject({ replaced: true })
    const board = formOf({ name: 'lamp', driver: 'modbus', address })
    expect(changeOf(board, true, 1)).toMatchObject({ replaced: false })
  })
})

describe('a light that is added', () => {
  it('has an address only where it is a coil', () => {
    expect(deviceOf(form(), 'tbl_1')).toEqual({ table_id: 'tbl_1', driver: 'tasmota', name: 'lamp' })
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
