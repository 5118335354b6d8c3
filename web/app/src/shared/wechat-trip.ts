import type { PayFor } from '@/api/pay'
import type { Mean } from './pay-means'
import { randomKey } from './random'
import { stored } from './storage'

/** A payment that waits for WeChat's name of the payer: a new one, or one that is to go on by another means. */
export type Resume = { pay: PayFor; mean: Mean } | { order: string; mean: Mean }

/** A way over WeChat's page, which sends the browser back to `/m/?code=…&state=…`. */
export interface Trip {
  state: string
  /** The app's page to come back to. */
  back: string
  /** Somebody pressed the button for it: then a failure is said where that is. */
  asked: boolean
  resume: Resume | null
  /** The customer's id who binds WeChat, where that is what it is for: nobody is signed in by it then. */
  bind?: string
  until: number
}
/** What a way is begun for. */
export type Wish = Pick<Trip, 'back' | 'asked' | 'resume' | 'bind'>
export interface TripShelf {
  read(): Trip | null
  /** Whether it is still there when this page has been left. */
  write(trip: Trip): boolean
  clear(): void
}

/** Nobody is asked anything on WeChat's page. */
const LASTS_MS = 10 * 60_000

/**
 * The ways that were begun here. A code whose state is not the one kept here comes from somebody else, who would have the one who
 * opens it signed in as another.
 */
export class Trips {
  constructor(
    private readonly shelf: TripShelf,
    private readonly now: () => number = Date.now,
    private readonly random: () => string = randomKey,
  ) {}

  /** Null where nothing can be kept: whoever came back would not be known again. */
  begin(wish: Wish): Trip | null {
    const trip = { ...wish, state: this.random(), until: this.now() + LASTS_MS }
    return this.shelf.write(trip) ? trip : null
  }

  /** The way that ends with this state, once. One that is still under way is left to end by its own. */
  end(state: string): Trip | null {
    const trip = this.shelf.read()
    if (trip === null || trip.state === '' || trip.state !== state) return null
    this.shelf.clear()
    return trip.until > this.now() ? trip : null
  }
}

export const trips = new Trips(stored<Trip>('cuekey.wechat-trip', 'visit'))

const IN_ORDER = ['appid', 'redirect_uri', 'response_type', 'scope', 'state']

/** WeChat's page, which takes its parameters in one order alone. `base` is the server's, without where to come back to. */
export function tripAddress(base: string, redirect: string, state: string): string {
  const [page, query = ''] = base.split('#')[0]?.split('?') ?? []
  const known = query.split('&').filter((pair) => pair !== '')
  const pairs = [...known, `redirect_uri=${encodeURIComponent(redirect)}`, `state=${encodeURIComponent(state)}`]
  const place = (pair: string) => {
    const at = IN_ORDER.indexOf(pair.split('=')[0] ?? '')
    return at < 0 ? IN_ORDER.length : at
  }
  return `${page}?${pairs.sort((a, b) => place(a) - place(b)).join('&')}#wechat_redirect`
}

/** What WeChat's page has sent back, and the address without it; null: nothing. */
export function arrivalOf(search: string): { code: string; state: string; rest: string } | null {
  const pairs = search
    .replace(/^\?/, '')
    .split('&')
    .filter((pair) => pair !== '')
  const named = (name: string) => pairs.find((pair) => pair.startsWith(`${name}=`))
  const [code, state] = [named('code'), named('state')]
  if (code === undefined && state === undefined) return null
  const rest = pairs.filter((pair) => !/^(?:code|state)(?:=|$)/.test(pair)).join('&')
  const value = (pair: string | undefined) => pair?.slice(pair.indexOf('=') + 1) ?? ''
  return { code: decoded(value(code)), state: decoded(value(state)), rest: rest === '' ? '' : `?${rest}` }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    // Not one of ours: it fits no state.
    return text
  }
}
