import { describe, expect, it } from 'vitest'
import type { FloorDevice, FloorPlay, FloorTable } from '@/api/types'
import en from '@/locales/en'
import zh from '@/locales/zh-CN'
import { oneAtATime } from '@/shared/one-at-a-time'
import { tones } from '@/shared/status'
import { costAt, formatClock, leftOf } from '@/views/floor/clock'
import { emptyHall, hallOf, hallTroubles } from '@/views/floor/hall-form'
import { CLOSINGS, OPENINGS, formatMinute, isNextDay } from '@/views/floor/hours'
import { TABLE, isByHand, isTaken, lampOf, layOut, marksOf, nextPlace } from '@/views/floor/plan'

const at = (time: string) => Date.parse(`2026-03-01T${time}Z`)
const iso = (time: string) => `2026-03-01T${time}Z`

const device = (change: Partial<FloorDevice> = {}): FloorDevice => ({
  id: 'dev_1',
  driver: 'tasmota',
  name: 'lamp',
  version: 1,
  topic: 'ck-1',
  channel: 1,
  lacks_channel: false,
  refused: null,
  locks_button: false,
  address: null,
  online: true,
  online_since: iso('00:00:00'),
  wanted: false,
  reported: false,
  override_on: null,
  override_until: null,
  override_why: null,
  draw: { least_watts: null, milliwatts: null, at: null, dark_since: null },
  ...change,
})
const play = (change: Partial<FloorPlay> = {}): FloorPlay => ({
  id: 'pls_1',
  state: 'playing',
  customer_number: '12345678',
  at_desk: false,
  walk_in: false,
  asked_at: iso('09:59:50'),
  lit_at: iso('10:00:00'),
  paid_until: iso('11:00:00'),
  held_fen: 3600,
  cost_so_far_fen: 900,
  ...change,
})
const table = (id: number, change: Partial<FloorTable> = {}): FloorTable => ({
  id: `tbl_${id}`,
  name: `${id}`,
  code: 'c',
  url: 'http://127.0.0.1/m/?t=c',
  state: 'idle',
  since: iso('00:00:00'),
  x: 0,
  y: 0,
  tariff_id: 'tar_1',
  price_list: null,
  version: 1,
  play: null,
  device: null,
  case: null,
  hold: null,
  ...change,
})

describe('states of a floor', () => {
  it('have a colour, and words in both languages', () => {
    for (const kind of ['table', 'lamp', 'mark', 'cause'] as const) {
      const values = Object.keys(tones[kind]).sort()
      expect(Object.keys(zh.status[kind]).sort(), kind).toEqual(values)
      expect(Object.keys(en.status[kind]).sort(), kind).toEqual(values)
    }
  })

  it('tell whether somebody is there', () => {
    const taken = (Object.keys(tones.table) as FloorTable['state'][]).filter((state) => isTaken(table(1, { state })))
    expect(taken.sort()).toEqual(['opening', 'paused', 'playing'])
  })
})

describe('a light', () => {
  it('is what it says of itself, whatever it was told', () => {
    expect(lampOf(null)).toBe('missing')
    expect(lampOf(device({ wanted: true, reported: false }))).toBe('off')
    expect(lampOf(device({ wanted: false, reported: true }))).toBe('on')
    expect(lampOf(device({ wanted: true, reported: null }))).toBe('unknown')
    expect(lampOf(device({ online: false, reported: true }))).toBe('away')
  })

  it('is marked where it is not as wanted, away, or set by hand', () => {
    const now = at('10:00:00')
    expect(marksOf(null, now)).toEqual([])
    expect(marksOf(device(), now)).toEqual([])
    expect(marksOf(device({ wanted: true }), now)).toEqual(['differs'])
    expect(marksOf(device({ wanted: true, reported: null }), now)).toEqual([])
    expect(marksOf(device({ wanted: true, online: false, reported: null }), now)).toEqual(['away'])
    const draw = { least_watts: 20, milliwatts: 0, at: iso('09:59:00'), dark_since: iso('09:59:00') }
    expect(marksOf(device({ wanted: true, reported: true, draw }), now)).toEqual(['dark'])
    const byHand = { override_on: true, override_until: iso('10:05:00'), override_why: 'x' }
    expect(marksOf(device({ ...byHand, wanted: true }), now)).toEqual(['differs', 'by_hand'])
  })

  it('is by hand until its time is over', () => {
    const set = device({ override_on: false, override_until: iso('10:05:00') })
    expect(isByHand(set, at('10:04:59'))).toBe(true)
    expect(isByHand(set, at('10:05:00'))).toBe(false)
  })
})

describe('the time left', () => {
  it('counts down to nothing, and not before the light was seen', () => {
    expect(leftOf(play(), at('10:30:00'))).toBe(30 * 60_000)
    expect(leftOf(play(), at('11:00:00'))).toBe(0)
    expect(leftOf(play(), at('11:00:01'))).toBe(0)
    expect(leftOf(play({ lit_at: null }), at('10:00:00'))).toBeNull()
  })

  it('is shown in whole seconds', () => {
    const seconds = [0, 999, 1000, 59_999, 60_000, 3_599_999, 3_600_000, 36_061_000, -5]
    expect(seconds.map(formatClock)).toEqual([
      '0:00',
      '0:00',
      '0:01',
      '0:59',
      '1:00',
      '59:59',
      '1:00:00',
      '10:01:01',
      '0:00',
    ])
  })
})

describe('the cost so far', () => {
  // 36 yuan an hour, by units of five minutes: 3.00 as soon as one has begun.
  const byUnits = (now: number) => Math.ceil((now - at('10:00:00')) / 300_000) * 300
  const seconds = Array.from({ length: 3600 }, (_, n) => at('10:00:00') + n * 1000)

  it('between two answers never falls back, and is never more than closing costs', () => {
    let last = 0
    for (const [n, now] of seconds.entries()) {
      if (n === 0) continue
      const told = seconds[n - (n % 30)] ?? now
      const shown = costAt(play({ cost_so_far_fen: byUnits(told) }), told, now)
      expect(shown, `at ${n} s`).toBeLessThanOrEqual(byUnits(now))
      expect(shown, `at ${n} s`).toBeGreaterThanOrEqual(last)
      last = shown
    }
    expect(last).toBe(3600)
  })

  it('goes on where a unit has ended in between', () => {
    const told = at('10:14:50')
    const at15 = play({ cost_so_far_fen: 900 })
    expect(costAt(at15, told, told)).toBe(900)
    expect(costAt(at15, told, at('10:15:00'))).toBe(900)
    expect(costAt(at15, told, at('10:15:10'))).toBe(910)
  })

  it('stays at nothing in the free minutes, and within what is held', () => {
    expect(costAt(play({ cost_so_far_fen: 0 }), at('10:01:00'), at('10:02:00'))).toBe(0)
    expect(costAt(play({ cost_so_far_fen: 3600 }), at('10:59:50'), at('11:20:00'))).toBe(3600)
  })

  it('does not count without light', () => {
    expect(costAt(play({ lit_at: null, cost_so_far_fen: 0 }), at('10:00:00'), at('10:10:00'))).toBe(0)
  })

  it('is the answer itself where the clock says that it is older', () => {
    expect(costAt(play(), at('10:20:00'), at('10:10:00'))).toBe(900)
  })
})

describe('the plan', () => {
  const overlaps = (tables: FloorTable[]) => {
    const { placed } = layOut(tables)
    return placed.flatMap((a, n) =>
      placed
        .slice(n + 1)
        .filter((b) => Math.abs(a.x - b.x) < TABLE.width && Math.abs(a.y - b.y) < TABLE.height)
        .map((b) => `${a.table.id} ${b.table.id}`),
    )
  }
  const hundred = Array.from({ length: 100 }, (_, n) => table(n, { x: (n % 10) * 450, y: Math.floor(n / 10) * 400 }))

  it('keeps order and rows, wherever the hall begins', () => {
    const shifted = hundred.map((one) => ({ ...one, x: one.x + 5_000, y: one.y + 9_000 }))
    const plan = layOut(shifted)
    expect(plan.placed.map(({ x, y }) => [x, y])).toEqual(layOut(hundred).placed.map(({ x, y }) => [x, y]))
    expect(plan.moved).toBe(0)
    expect(new Set(plan.placed.map(({ y }) => y)).size).toBe(10)
  })

  it('holds all tables, and none over another', () => {
    const heap = Array.from({ length: 37 }, (_, n) => table(n, { x: (n * 97) % 600, y: (n * 53) % 300 }))
    for (const tables of [hundred, heap, heap.map((one) => ({ ...one, x: 0, y: 0 })), [table(1)]]) {
      const plan = layOut(tables)
      expect(plan.placed.map(({ table: { id } }) => id).sort()).toEqual(tables.map(({ id }) => id).sort())
      expect(overlaps(tables)).toEqual([])
      for (const { x, y } of plan.placed) {
        expect(x).toBeGreaterThanOrEqual(0)
        expect(x + TABLE.width).toBeLessThanOrEqual(plan.width)
        expect(y + TABLE.height).toBeLessThanOrEqual(plan.height)
      }
    }
    expect(layOut(heap.map((one) => ({ ...one, x: 0, y: 0 }))).moved).toBe(36)
  })

  it('does not grow with what lies far away', () => {
    expect(layOut([table(1), table(2, { x: 100_000, y: 100_000 })]).width).toBeLessThan(1_500)
  })

  it('suggests where the next table goes: along the row, then below', () => {
    const places: { x: number; y: number }[] = []
    for (let n = 0; n < 6; n++) places.push(nextPlace(places))
    expect(places).toEqual([
      { x: 150, y: 150 },
      { x: 600, y: 150 },
      { x: 1050, y: 150 },
      { x: 1500, y: 150 },
      { x: 150, y: 550 },
      { x: 600, y: 550 },
    ])
    expect(layOut(places.map((place, n) => table(n, place))).moved).toBe(0)
  })
})

describe('a new hall', () => {
  const filled = { ...emptyHall('Asia/Shanghai'), name: ' Hall ', 'tariff.per_hour': '36.5' }

  it('is sent in fen, and what is left empty does not apply', () => {
    expect(hallOf(filled)).toEqual({
      name: 'Hall',
      address: '',
      phone: '',
      time_zone: 'Asia/Shanghai',
      opens: null,
      closes: null,
      tariff: { per_hour: 3650, unit_minutes: 5, grace_minutes: 3, minimum: null, session_cap: null },
    })
    const more = hallOf({ ...filled, around: false, 'tariff.minimum': '5', 'tariff.session_cap': '168.00' })
    expect([more.opens, more.closes, more.tariff.minimum, more.tariff.session_cap]).toEqual([600, 120, 500, 16_800])
  })

  it('is checked field by field', () => {
    const troubles = (change: Partial<typeof filled>) =>
      Object.entries(hallTroubles({ ...filled, ...change })).flatMap(([name, trouble]) => (trouble ? [name] : []))
    expect(troubles({})).toEqual([])
    expect(troubles({ name: ' ', 'tariff.per_hour': '', 'tariff.minimum': '1.234' })).toEqual([
      'name',
      'tariff.per_hour',
      'tariff.minimum',
    ])
    expect(troubles({ 'tariff.unit_minutes': 0, 'tariff.grace_minutes': 61 })).toEqual([
      'tariff.unit_minutes',
      'tariff.grace_minutes',
    ])
    expect(troubles({ 'tariff.unit_minutes': undefined, 'tariff.grace_minutes': 0 })).toEqual(['tariff.unit_minutes'])
    expect(troubles({ closes: 600 })).toEqual([])
    expect(troubles({ around: false, closes: 600 })).toEqual(['opens'])
  })

  it('has hours that may go on after midnight', () => {
    expect([0, 570, 1440].map(formatMinute)).toEqual(['00:00', '09:30', '24:00'])
    expect([OPENINGS[0], OPENINGS.at(-1), CLOSINGS[0], CLOSINGS.at(-1)]).toEqual([0, 1410, 30, 1440])
    expect([isNextDay(600, 120), isNextDay(600, 1440), isNextDay(600, 601)]).toEqual([true, false, false])
  })
})

describe('one at a time', () => {
  it('however often it is asked for, once more is enough', async () => {
    let running = 0
    let most = 0
    let done = 0
    const finish: (() => void)[] = []
    const ask = oneAtATime(async () => {
      most = Math.max(most, ++running)
      await new Promise<void>((resolve) => finish.push(resolve))
      running--
      done++
    })
    const settle = () => new Promise((resolve) => setTimeout(resolve))
    const first = ask()
    for (let n = 0; n < 5; n++) void ask()
    finish.shift()?.()
    await settle()
    finish.shift()?.()
    await first
    expect([most, done, finish.length]).toEqual([1, 2, 0])

    const later = ask()
    finish.shift()?.()
    await later
    expect(done).toBe(3)
  })
})
