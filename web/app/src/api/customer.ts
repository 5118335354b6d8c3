import { serverClock } from '@/shared/clock'
import { get, post, seg, type Paging } from './http'
import type {
  Customer,
  Extension,
  Hold,
  Membership,
  Page,
  PhoneCode,
  PhoneProof,
  PlayTime,
  PointLine,
  Session,
  SignedIn,
  TableView,
  Venue,
  VenueView,
  WalletPage,
  WechatApp,
  WechatWays,
} from './types'

/** Learns the server's time from an answer just made. Answers to repeated writes may be old, and are not asked. */
async function timed<T>(ask: Promise<T>, nowOf: (answer: T) => string | undefined): Promise<T> {
  const sent = Date.now()
  const answer = await ask
  const now = nowOf(answer)
  if (now) serverClock.learn(now, sent, Date.now())
  return answer
}

export const becomeGuest = () => post<SignedIn>('/guests', {}, { auth: 'none' })
export const sendPhoneCode = (phone: string) => post<PhoneCode>('/phone-codes', { phone }, { auth: 'optional' })
/** With a guest's token everything of the guest is carried over; `join`: of whoever came by WeChat alone too, and WeChat with it. */
export const signIn = (ticket: string, phone: string, code: string, join = false) =>
  post<SignedIn>('/sign-in', { ticket, phone, code, join }, { auth: 'optional' })
/** Whoever is signed in is known by another number from now on, and signed out elsewhere. */
export const changePhone = (next: PhoneProof, left: Omit<PhoneProof, 'phone'>) =>
  post<Customer>('/phone', { ...next, own_ticket: left.ticket, own_code: left.code })
export const wechatWays = () => get<WechatWays>('/wechat', { auth: 'none' })
/** With a guest's token as above; with another customer's, who stays it and can pay inside WeChat. */
export const signInByWechat = (app: WechatApp, code: string) =>
  post<SignedIn>('/wechat', { app, code }, { auth: 'optional' })
/** With the number that WeChat knows. */
export const signInByWechatPhone = (code: string, join = false) =>
  post<SignedIn>('/wechat/phone', { code, join }, { auth: 'optional' })
/** Whoever is signed in stays it, and is from now on whoever comes by that WeChat. */
export const bindWechat = (app: WechatApp, code: string) => post<Customer>('/wechat/bind', { app, code })
export const unbindWechat = () => post<Customer>('/wechat/unbind')
export const signOut = () => post<void>('/sign-out', {}, { auth: 'optional' })
export const signOutEverywhere = () => post<void>('/sign-out-everywhere', {}, { auth: 'optional' })
export const me = () => get<Customer>('/me')

export const venues = () => get<{ items: Venue[] }>('/venues', { auth: 'optional' })
export const venue = (id: string) => get<VenueView>(`/venues/${seg(id)}`, { auth: 'optional' })
export const tableOfCode = (code: string) => get<{ table_id: string }>(`/codes/${seg(code)}`, { auth: 'optional' })
export const table = (id: string) => get<TableView>(`/tables/${seg(id)}`, { auth: 'optional' })

export const openTable = (id: string, time: PlayTime, expectedFen: number, idempotencyKey: string) =>
  post<Session>(`/tables/${seg(id)}/open`, { ...time, expected_fen: expectedFen }, { idempotencyKey })

export const holds = () =>
  timed(get<{ items: Hold[] }>('/holds'), ({ items }) => items[0]?.now).then(({ items }) => items)
export const holdTable = (id: string) => post<Hold>(`/tables/${seg(id)}/hold`)
export const giveTableBack = (id: string) => post<void>(`/tables/${seg(id)}/give-back`)

/** `unread_messages` is absent of a server that does not tell it. */
export const current = () =>
  timed(get<{ session: Session | null; unread_messages?: number }>('/session'), ({ session }) => session?.now)
export const session = (id: string) => timed(get<Session>(`/sessions/${seg(id)}`), ({ now }) => now)
export const sessions = (paging: Paging) => get<Page<Session>>('/sessions', { query: paging })
export const extension = (id: string, minutes: number) =>
  get<Extension>(`/sessions/${seg(id)}/extension`, { query: { minutes } })
/** `until`: the end that was seen. Where it has moved since, nothing is added to it. */
export const extendSession = (
  id: string,
  { minutes, price_fen }: Pick<Extension, 'minutes' | 'price_fen'>,
  until: string | null,
  idempotencyKey: string,
) => post<Session>(`/sessions/${seg(id)}/extend`, { minutes, expected_fen: price_fen, until }, { idempotencyKey })
export const pauseSession = (id: string) => post<Session>(`/sessions/${seg(id)}/pause`)
export const resumeSession = (id: string) => post<Session>(`/sessions/${seg(id)}/resume`)
export const closeSession = (id: string) => post<Session>(`/sessions/${seg(id)}/close`)

export const wallet = (paging: Paging) => get<WalletPage>('/wallet', { query: paging })

export const membership = () => get<Membership>('/membership')
export const points = (paging: Paging) => get<Page<PointLine>>('/points', { query: paging })
