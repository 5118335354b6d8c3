import {
  channels as knownChannels,
  type Channel,
  type Handed,
  type PayMethod,
  type PayOrder,
  type WechatWays,
} from '@/api/types'

/** Where the app runs, as far as paying goes. */
export type Place = 'phone' | 'desktop' | 'wechat' | 'alipay' | 'mini-program'

export interface Mean {
  channel: Channel
  method: PayMethod
}

/**
 * Which way each network can be paid. Inside WeChat there is its own way alone (see `insideWechat`), and Alipay is shut out;
 * Alipay's browser knows Alipay alone; a desktop shows a code for the phone, as WeChat's page for other browsers opens on phones
 * only.
 */
const WAYS: Record<Place, Partial<Record<Channel, PayMethod>>> = {
  phone: { wechat: 'h5', alipay: 'wap', alipay_freeze: 'freeze' },
  desktop: { wechat: 'native', alipay: 'precreate', alipay_freeze: 'freeze' },
  alipay: { alipay: 'wap', alipay_freeze: 'freeze' },
  wechat: {},
  'mini-program': {},
}

/**
 * WeChat's own way needs a payer whom it knows, so it is there where one can sign in by WeChat. A demo's stand-in has a page
 * instead, which nobody's WeChat would take for a payment.
 */
function insideWechat(place: Place, ways: WechatWays | null): PayMethod | undefined {
  if (place === 'mini-program') return ways?.mini ? 'jsapi' : undefined
  if (place !== 'wechat' || !ways?.web) return undefined
  return ways.anywhere ? 'h5' : 'jsapi'
}

/** What can be offered here, of what the server takes now. */
export function meansAt(place: Place, enabled: readonly string[], ways: WechatWays | null = null): Mean[] {
  return knownChannels.flatMap((channel) => {
    const method = WAYS[place][channel] ?? (channel === 'wechat' ? insideWechat(place, ways) : undefined)
    return method !== undefined && enabled.includes(channel) ? [{ channel, method }] : []
  })
}

/** What is only frozen is for a table, whose end takes it: no money for the wallet. */
export const forWallet = (means: readonly Mean[]): Mean[] => means.filter(({ method }) => method !== 'freeze')

const NARROW = 640

export function placeOf(userAgent: string, width: number): Place {
  if (/MicroMessenger/i.test(userAgent)) return 'wechat'
  if (/AlipayClient/i.test(userAgent)) return 'alipay'
  return /Mobile|Android|iPhone|iPad/i.test(userAgent) || width < NARROW ? 'phone' : 'desktop'
}

export function placeHere(): Place {
  let place: Place = 'mini-program'
  // #ifdef H5
  place = placeOf(navigator.userAgent, window.innerWidth)
  // #endif
  return place
}

/** Networks take no payment of less than a yuan. */
export const LEAST_FEN = 100

/** How a table is paid for: the balance where it suffices, else the first network. */
export type Choice = 'balance' | Channel

export function firstChoice(
  priceFen: number,
  availableFen: number,
  means: readonly Mean[],
  wished: Choice | null = null,
): Choice | null {
  const open = choices(priceFen, availableFen, means)
  return wished !== null && open.includes(wished) ? wished : (open[0] ?? null)
}

export function choices(priceFen: number, availableFen: number, means: readonly Mean[]): Choice[] {
  return [
    ...(availableFen >= priceFen ? (['balance'] as const) : []),
    ...(priceFen >= LEAST_FEN ? means.map(({ channel }) => channel) : []),
  ]
}

/** Whether the page behind a code is this very site's: whoever runs network and app on one machine has no phone that could reach it. */
export const isOurs = (code: string, origin: string): boolean => code.startsWith(`${origin}/`)

/** What an order that was begun so hands over. */
const KINDS: Record<PayMethod, Handed['kind']> = {
  jsapi: 'jsapi',
  h5: 'redirect',
  wap: 'redirect',
  native: 'qr_code',
  precreate: 'qr_code',
  freeze: 'qr_code',
}

/** The code that freezes money leads to Alipay's app, where that is on the same phone: nobody has to scan it. */
export const opensHere = (order: Pick<PayOrder, 'channel' | 'next'>, place: Place): boolean =>
  place !== 'desktop' &&
  order.channel === 'alipay_freeze' &&
  order.next?.kind === 'qr_code' &&
  /^https?:/.test(order.next.content)

/** How an order that waits can be paid from here: on the way begun, where that works here, and on others. */
export function waysOn(
  order: Pick<PayOrder, 'channel' | 'next' | 'purpose'>,
  all: readonly Mean[],
  place: Place = 'phone',
): { goOn: boolean; others: Mean[] } {
  const means = order.purpose === 'recharge' ? forWallet(all) : all
  const begun = means.find(({ channel }) => channel === order.channel)
  const fits = begun !== undefined && order.next?.kind === KINDS[begun.method]
  return {
    goOn: fits && (order.next?.kind !== 'qr_code' || opensHere(order, place)),
    // A code that was made on a desktop does not help the phone that it would have to be scanned with.
    others: means.filter((mean) => !(fits && mean === begun)),
  }
}
