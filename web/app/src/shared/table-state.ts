import { tableStates, type Customer, type Session, type Table, type TableState, type TableView } from '@/api/types'

export type Tone = 'go' | 'busy' | 'hold' | 'out'
export type Lamp = 'on' | 'off' | 'waiting'

/** One map for tags, pictures and legends. */
export const tableTones: Record<TableState, Tone> = {
  idle: 'go',
  reserved: 'hold',
  opening: 'busy',
  playing: 'busy',
  paused: 'busy',
  closing: 'busy',
  cleaning: 'hold',
  maintenance: 'out',
}

/** A newer server may know more states than this app: such a table is shown as taken. */
export const knownState = (state: string): TableState | 'unknown' =>
  tableStates.find((own) => own === state) ?? 'unknown'

export function toneOf(state: string): Tone {
  const known = knownState(state)
  return known === 'unknown' ? 'busy' : tableTones[known]
}

export function lampOf(state: string): Lamp {
  if (state === 'opening') return 'waiting'
  return state === 'playing' || state === 'closing' ? 'on' : 'off'
}

/** Over one's own table. One that is away may be on or off, and one that nobody knows of yet was told to come on. */
export function lampOver({ light = 'on', pause }: Pick<Session, 'light' | 'pause'>): Lamp {
  if (pause.since !== null) return pause.lit ? 'on' : 'off'
  return light === 'on' || light === 'off' ? light : 'waiting'
}

/** As a person would number them: `2` before `10`. */
export function inOrder(tables: readonly Table[]): Table[] {
  const number = (name: string) => Number(/\d+/.exec(name)?.[0] ?? Number.NaN)
  return [...tables].sort((a, b) => {
    const [left, right] = [number(a.name), number(b.name)]
    if (left !== right && !Number.isNaN(left) && !Number.isNaN(right)) return left - right
    return a.name < b.name ? -1 : a.name > b.name ? 1 : 0
  })
}

/** What stands between the customer and this table. */
export type Blocker =
  | 'mine'
  | 'playing'
  | 'busy'
  | 'reserved'
  | 'cleaning'
  | 'service'
  | 'closed'
  | 'closing'
  | 'often'
  | 'phone'
  | 'balance'
  | 'other'

const BLOCKERS: Record<string, Blocker> = {
  TABLE_BUSY: 'busy',
  TABLE_RESERVED: 'reserved',
  TABLE_CLEANING: 'cleaning',
  TABLE_IN_SERVICE: 'service',
  VENUE_CLOSED: 'closed',
  VENUE_CLOSES_SOON: 'closing',
  BALANCE_INSUFFICIENT: 'balance',
  ALREADY_PLAYING: 'playing',
  PHONE_NEEDED: 'phone',
  OPENED_TOO_OFTEN: 'often',
}

export const blockerOfCode = (code: string): Blocker => BLOCKERS[code] ?? 'other'

/**
 * A refusal just given outweighs what the page knew before. Guests are asked for a phone number before anything about money; the
 * balance is compared with the price chosen.
 */
export function blockerOf(
  view: Pick<TableView, 'session_id' | 'can_open' | 'why_not'>,
  priceFen: number | null,
  customer: Pick<Customer, 'guest' | 'available_fen'> | null,
  refusal: string | null,
): Blocker | null {
  if (view.session_id !== null) return 'mine'
  if (refusal !== null) return blockerOfCode(refusal)
  if (view.why_not !== null) {
    const known = blockerOfCode(view.why_not.code)
    // The server weighs the balance against its shortest quote; here the chosen one counts.
    if (known !== 'balance' || customer === null) return known
  } else if (!view.can_open) return 'other'
  if (customer?.guest) return 'phone'
  if (priceFen !== null && customer !== null) return priceFen > customer.available_fen ? 'balance' : null
  return view.why_not === null ? null : 'balance'
}
