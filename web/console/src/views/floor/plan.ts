import type { FloorDevice, FloorTable } from '@/api/types'
import type { LampMark, LampState } from '@/shared/status'

/** How a light stands, by what it says: what it was told counts for nothing. */
export function lampOf(device: FloorDevice | null): LampState {
  if (device === null) return 'missing'
  if (!device.online) return 'away'
  if (device.reported === null) return 'unknown'
  return device.reported ? 'on' : 'off'
}

/** What stands out about a light at a moment. */
export function marksOf(device: FloorDevice | null, at: number): LampMark[] {
  if (device === null) return []
  const marks: LampMark[] = []
  if (!device.online) marks.push('away')
  else if (device.reported !== null && device.reported !== device.wanted) marks.push('differs')
  if (device.draw.dark_since !== null) marks.push('dark')
  if (isByHand(device, at)) marks.push('by_hand')
  return marks
}

export const isByHand = (device: FloorDevice, at: number): boolean =>
  device.override_on !== null && device.override_until !== null && Date.parse(device.override_until) > at

/** Somebody's session is on it. */
export const isTaken = ({ state }: FloorTable): boolean =>
  state === 'opening' || state === 'playing' || state === 'paused'

/** A billiard table as drawn, in centimetres: larger than it is, into the room that players need around it. */
export const TABLE = { width: 372, height: 225 } as const
const MARGIN = 60
const GAP = 40
/** From one row or column to the next. More says nothing to who looks, and makes a hall that does not fit on a screen. */
const WIDEST = { x: 600, y: 340 } as const
const EVERY = { x: 450, y: 400 } as const
const FIRST = 150
const ROW = 4

export interface Placed {
  table: FloorTable
  /** From the plan's upper left corner. */
  x: number
  y: number
}
export interface Plan {
  width: number
  height: number
  placed: Placed[]
  /** How many could not be drawn where they are said to be. */
  moved: number
}

/** From a coordinate to where it is drawn: order and alignment stay, wide gaps shrink. */
function squeeze(values: number[], widest: number): Map<number, number> {
  const drawn = new Map<number, number>()
  let last: number | undefined
  let at = MARGIN
  for (const value of [...new Set(values)].sort((a, b) => a - b)) {
    if (last !== undefined) at += Math.min(value - last, widest)
    drawn.set(value, at)
    last = value
  }
  return drawn
}

const over = (a: Placed, b: Placed): boolean => Math.abs(a.x - b.x) < TABLE.width && Math.abs(a.y - b.y) < TABLE.height

/** Where to draw each table. Those that would lie over others stand in rows below: every one can be seen and tapped. */
export function layOut(tables: readonly FloorTable[]): Plan {
  const columns = squeeze(
    tables.map(({ x }) => x),
    WIDEST.x,
  )
  const rows = squeeze(
    tables.map(({ y }) => y),
    WIDEST.y,
  )
  const placed: Placed[] = []
  const left: Placed[] = []
  for (const table of tables) {
    const one = { table, x: columns.get(table.x) ?? MARGIN, y: rows.get(table.y) ?? MARGIN }
    if (placed.some((other) => over(one, other))) left.push(one)
    else placed.push(one)
  }
  const right = Math.max(0, ...placed.map(({ x }) => x)) + TABLE.width
  const bottom = Math.max(0, ...placed.map(({ y }) => y)) + TABLE.height
  const inRow = Math.max(ROW, Math.floor((right - MARGIN + GAP) / (TABLE.width + GAP)))
  left.forEach((one, n) => {
    one.x = MARGIN + (n % inRow) * (TABLE.width + GAP)
    one.y = bottom + 2 * GAP + Math.floor(n / inRow) * (TABLE.height + GAP)
    placed.push(one)
  })
  return {
    width: Math.max(right, ...left.map(({ x }) => x + TABLE.width)) + MARGIN,
    height: Math.max(bottom, ...left.map(({ y }) => y + TABLE.height)) + MARGIN,
    placed,
    moved: left.length,
  }
}

/** Where one would put the next table: beside the last, or in a row of its own. */
export function nextPlace(tables: readonly { x: number; y: number }[]): { x: number; y: number } {
  if (tables.length === 0) return { x: FIRST, y: FIRST }
  const y = Math.max(...tables.map((table) => table.y))
  const row = tables.filter((table) => table.y > y - TABLE.height).map((table) => table.x)
  const x = Math.max(...row) + EVERY.x
  const first = Math.min(...tables.map((table) => table.x))
  const last = Math.max(first + (ROW - 1) * EVERY.x, ...tables.map((table) => table.x))
  return x <= last ? { x, y } : { x: first, y: y + EVERY.y }
}
