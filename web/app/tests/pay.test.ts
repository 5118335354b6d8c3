import { describe, expect, it } from 'vitest'
import { networkError } from '@/api/problem'
import type { PayOrder, Session } from '@/api/types'
import { amountProblem, fenOf, RECHARGE_FEN, refundParts, suggestedFen, typedYuan } from '@/shared/amount'
import { payTableIntent, PendingKeys, rechargeIntent, refundIntent } from '@/shared/idempotency'
import { isOverdue, mayOpen, nextAskMs, sceneOf, sessionOf } from '@/shared/order-state'
import { choices, firstChoice, forWallet, isOurs, meansAt, opensHere, placeOf, waysOn } from '@/shared/pay-means'
import { orderOfQuery } from '@/shared/scan'

const ANDROID = 'Mozilla/5.0 (Linux; Android 14) Chrome/126.0 Mobile Safari/537.36'
const DESKTOP = 'Mozilla/5.0 (X11; Linux x86_64) Chrome/126.0 Safari/537.36'
const both = ['wechat', 'alipay'] as const
const JSAPI = {
  kind: 'jsapi',
  app_id: 'wx1',
  time_stamp: '1',
  nonce_str: 'n',
  package: 'prepay_id=wx2',
  sign_type: 'RSA',
  pay_sign: 's',
} as const

describe('the means offered', () => {
  it('are those that work where the app is open', () => {
    expect(placeOf(ANDROID, 360)).toBe('phone')
    expect(placeOf(DESKTOP, 1_280)).toBe('desktop')
    expect(placeOf(DESKTOP, 390)).toBe('phone')
    expect(placeOf(`${ANDROID} MicroMessenger/8.0`, 360)).toBe('wechat')
    expect(placeOf(`${ANDROID} AlipayClient/10.5`, 360)).toBe('alipay')
    expect(meansAt('phone', both).map(({ method }) => method)).toEqual(['h5', 'wap'])
    expect(meansAt('desktop', both).map(({ method }) => method)).toEqual(['native', 'precreate'])
    expect(meansAt('alipay', both)).toEqual([{ channel: 'alipay', method: 'wap' }])
    // Where nobody can sign in by WeChat the server can take nothing from there: the desk is left.
    expect([meansAt('wechat', both), meansAt('mini-program', both)]).toEqual([[], []])
  })

  it('are WeChat’s own inside it, where it knows who pays', () => {
    const web = { web: 'https://open.weixin.qq.com/x', mini: false, anywhere: false }
    const mini = { web: null, mini: true, anywhere: false }
    const jsapi = [{ channel: 'wechat', method: 'jsapi' }]
    expect([meansAt('wechat', both, web), meansAt('mini-program', both, mini)]).toEqual([jsapi, jsapi])
    // Each app knows its own payers alone.
    expect([meansAt('wechat', both, mini), meansAt('mini-program', both, web)]).toEqual([[], []])
    expect(meansAt('wechat', ['alipay'], web)).toEqual([])
    // A demo's stand-in has a page for it.
    expect(meansAt('wechat', both, { ...web, anywhere: true })).toEqual([{ channel: 'wechat', method: 'h5' }])
    // Elsewhere nothing changes.
    expect(meansAt('phone', both, { ...web, mini: true })).toEqual(meansAt('phone', both))
    expect(meansAt('alipay', both, web)).toEqual(meansAt('alipay', both))
  })

  it('open beside the code only what is our own site', () => {
    expect(isOurs('http://127.0.0.1:7300/sandbox/wechat/pay?token=x', 'http://127.0.0.1:7300')).toBe(true)
    for (const code of [
      'weixin://wxpay/bizpayurl?pr=x',
      'https://qr.alipay.com/x',
      'http://127.0.0.1:73000/x',
      'http://127.0.0.1:7300.example/x',
    ])
      expect(isOurs(code, 'http://127.0.0.1:7300'), code).toBe(false)
  })

  it('are those that the server takes now, and no unknown ones', () => {
    expect(meansAt('phone', ['alipay', 'other'])).toEqual([{ channel: 'alipay', method: 'wap' }])
    expect(meansAt('phone', [])).toEqual([])
  })

  it('begin with the balance where it suffices', () => {
    const means = meansAt('phone', both)
    expect(choices(4_000, 4_000, means)).toEqual(['balance', 'wechat', 'alipay'])
    expect(firstChoice(4_000, 4_000, means)).toBe('balance')
    expect(firstChoice(4_000, 3_999, means)).toBe('wechat')
    expect(firstChoice(4_000, 4_000, means, 'alipay')).toBe('alipay')
    expect(firstChoice(4_000, 3_999, means, 'balance')).toBe('wechat')
    expect(firstChoice(4_000, 3_999, [])).toBeNull()
    // Less than a yuan is paid from the wallet alone.
    expect(choices(99, 0, means)).toEqual([])
  })

  it('go on with what was begun, or change it', () => {
    const phone = meansAt('phone', both)
    const redirect = {
      purpose: 'play',
      channel: 'wechat',
      next: { kind: 'redirect', url: 'https://pay.example' },
    } as const
    expect(waysOn(redirect, phone)).toEqual({ goOn: true, others: [phone[1]] })
    // Begun on a desktop: its code cannot be scanned with the phone that shows it.
    const code = { purpose: 'play', channel: 'wechat', next: { kind: 'qr_code', content: 'weixin://x' } } as const
    expect(waysOn(code, phone)).toEqual({ goOn: false, others: phone })
    expect(waysOn(code, meansAt('desktop', both)).others.map(({ channel }) => channel)).toEqual(['alipay'])
    // Signed for WeChat's own window, which another browser has not.
    const inside = { purpose: 'play', channel: 'wechat', next: JSAPI } as const
    const wechat = meansAt('wechat', both, { web: 'https://open.weixin.qq.com/x', mini: false, anywhere: false })
    expect(waysOn(inside, wechat)).toEqual({ goOn: true, others: [] })
    expect(waysOn(inside, phone)).toEqual({ goOn: false, others: phone })
    expect(waysOn(redirect, wechat)).toEqual({ goOn: false, others: wechat })
    expect(waysOn({ purpose: 'play', channel: 'wechat', next: null }, phone)).toEqual({ goOn: false, others: phone })
    expect(waysOn(redirect, [])).toEqual({ goOn: false, others: [] })
  })

  it('let money be frozen for a table alone, by a code that opens where its app is', () => {
    const all = ['wechat', 'alipay', 'alipay_freeze'] as const
    const phone = meansAt('phone', all)
    expect(phone.map(({ method }) => method)).toEqual(['h5', 'wap', 'freeze'])
    expect(forWallet(phone).map(({ method }) => method)).toEqual(['h5', 'wap'])
    expect(meansAt('wechat', all)).toEqual([])
    const frozen = { channel: 'alipay_freeze', next: { kind: 'qr_code', content: 'https://qr.alipay.com/x' } } as const
    expect(waysOn({ purpose: 'play', ...frozen }, phone, 'phone')).toEqual({ goOn: true, others: phone.slice(0, 2) })
    expect(waysOn({ purpose: 'play', ...frozen }, phone, 'desktop').goOn).toBe(false)
    const odd = { ...frozen, next: { kind: 'qr_code', content: 'javascript:alert(1)' } } as const
    expect(opensHere(odd, 'phone')).toBe(false)
    // Money for the wallet is never frozen.
    const recharge = { purpose: 'recharge', channel: 'alipay', next: null } as const
    expect(waysOn(recharge, phone).others.map(({ method }) => method)).toEqual(['h5', 'wap'])
  })
})

describe('an amount', () => {
  it('is read by its digits', () => {
    const read = (text: string) => fenOf(text)
    expect(['50', ' 50.5 ', '0.29', '1,000.00', '¥8', '12.'].map(read)).toEqual([5_000, 5_050, 29, 100_000, 800, 1_200])
    expect(['５０．５', '50\u30025'].map(read)).toEqual([5_050, 5_050])
    expect(['', '.', '1.234', '-5', 'abc', '1e3', '1.2.3', '9999999999'].map(read)).toEqual(Array(8).fill(null))
  })

  it('is between one yuan and ten thousand', () => {
    const problem = (fen: number | null) => amountProblem(fen, RECHARGE_FEN)
    expect([null, 0, 99, 100, 1_000_000, 1_000_001].map(problem)).toEqual([
      'none',
      'least',
      'least',
      null,
      null,
      'most',
    ])
  })

  it('is suggested to cover what is missing', () => {
    const offered = [5_000, 10_000, 20_000, 50_000]
    expect([0, -1, 1, 5_000, 5_001, 90_000].map((missing) => suggestedFen(offered, missing))).toEqual([
      10_000, 10_000, 5_000, 5_000, 10_000, 50_000,
    ])
    expect([5_000, 1_234, 5, 100_000].map(typedYuan)).toEqual(['50', '12.34', '0.05', '1000'])
    expect(fenOf(typedYuan(1_234))).toBe(1_234)
  })

  it('v4_1 goes back as one likes, up to a limit, or as a whole', () => {
    const parts = (freely_fen: number) => refundParts({ amount_fen: 5_000, freely_fen })
    expect([5_000, 4_999, 1, 0].map(parts)).toEqual(['any', 'partly', 'partly', 'wholly'])
    expect(refundParts({ amount_fen: 0, freely_fen: 0 })).toBe('any')
  })
})

const AT = Date.UTC(2026, 10, 28, 12, 0, 0)
const at = (seconds: number) => new Date(AT + seconds * 1000).toISOString()
const order = (change: Partial<PayOrder> = {}): PayOrder => ({
  id: 'ord_1',
  purpose: 'play',
  amount_fen: 4_000,
  subject: '1',
  state: 'paid',
  channel: 'wechat',
  next: null,
  refunded_fen: 0,
  captured_fen: 0,
  refund_delayed: false,
  created_at: at(0),
  expires_at: at(900),
  paid_at: at(30),
  ...change,
})
const session = (asked: number) => ({ asked_at: at(asked) }) as Session
const scene = (change: Partial<PayOrder>, live: Session | null = null, seconds = 40) =>
  sceneOf(order(change), live, AT + seconds * 1000)

describe('the page of an order', () => {
  it('shows what is waited for, and what has come of it', () => {
    expect(scene({ state: 'pending', paid_at: null })).toBe('pending')
    expect(scene({ state: 'closed', paid_at: null })).toBe('closed')
    expect(scene({ purpose: 'recharge' })).toBe('recharged')
    // Money that went back later does not undo that.
    expect(scene({ purpose: 'recharge', refunded_fen: 4_000 })).toBe('recharged')
  })

  it('goes on to the table paid for, not to one played on before', () => {
    expect(scene({}, null)).toBe('opening')
    expect(scene({}, session(31))).toBe('playing')
    expect(scene({}, session(-600))).toBe('opening')
    expect(sessionOf(order({ state: 'pending' }), session(31))).toBeNull()
  })

  it('says when the table was not opened, and does not wait for ever', () => {
    expect(scene({ refunded_fen: 4_000 }, session(-600))).toBe('returned')
    expect(scene({ refunded_fen: 1_500 })).toBe('settled')
    expect(scene({}, null, 30 + 601)).toBe('settled')
  })

  it('is what its table is paid by, until that is opened, given back or given up', () => {
    const may = (change: Partial<PayOrder>, seconds = 40) => mayOpen(order(change), AT + seconds * 1000)
    expect([may({ state: 'pending', paid_at: null }), may({})]).toEqual([true, true])
    expect(may({ state: 'closed', paid_at: null })).toBe(false)
    const over = [may({ refunded_fen: 4_000 }), may({ refunded_fen: 1_500 }), may({}, 30 + 601)]
    expect(over).toEqual([false, false, false])
    // Money for the wallet opens nothing.
    expect(may({ purpose: 'recharge', state: 'pending', paid_at: null })).toBe(false)
  })

  it('v8_2 blocks its table for some minutes after its time, and not for as long as its network is silent', () => {
    const unpaid = order({ state: 'pending', paid_at: null })
    const overdue = (seconds: number) => isOverdue(unpaid, AT + seconds * 1000)
    const may = (seconds: number) => mayOpen(unpaid, AT + seconds * 1000)
    expect([899, 900, 1_140, 1_141].map(overdue)).toEqual([false, true, true, true])
    // What was paid in the last second may still be opened by the server.
    expect([899, 900, 1_140, 1_141].map(may)).toEqual([true, true, true, false])
    expect(isOverdue(order(), AT + 901_000)).toBe(false)
  })

  it('v8_2 does not take a table that was opened another way for its own, once its money has gone back', () => {
    const live = { ...session(1_200), state: 'playing' } as Session
    const back = order({ refunded_fen: 4_000, paid_at: at(1_800) })
    expect([sessionOf(back, live), sceneOf(back, live, AT + 1_801_000)]).toEqual([null, 'returned'])
    // Played, and free of charge.
    const free = { ...live, state: 'closed' } as Session
    expect(sceneOf(back, free, AT + 1_801_000)).toBe('playing')
    expect(sessionOf(order(), live)).toBe(live)
  })

  it('is asked for every few seconds until nothing more happens', () => {
    expect([nextAskMs(null, 0), nextAskMs('pending', 0), nextAskMs('opening', 0)]).toEqual([2_500, 2_500, 2_000])
    for (const over of ['recharged', 'playing', 'returned', 'settled', 'closed'] as const) {
      expect(nextAskMs(over, 0), over).toBeNull()
    }
    expect([1, 2, 9].map((failures) => nextAskMs('pending', failures))).toEqual([2_500, 5_000, 15_000])
  })

  it('is where the network sends the browser back to', () => {
    expect(orderOfQuery({ order: 'ord_1' })).toBe('ord_1')
    expect([orderOfQuery({}), orderOfQuery({ order: ' ' })]).toEqual([null, null])
  })
})

describe('the key of a payment', () => {
  it('is kept while the answer is unclear, and differs with what is asked for', async () => {
    let entries = {}
    let made = 0
    const keys = new PendingKeys(
      { read: () => entries, write: (next) => (entries = next) },
      () => 0,
      () => `key-${++made}`,
    )
    const wish = rechargeIntent(5_000, 'h5')
    const fail = () => keys.run(wish, async () => Promise.reject(networkError(''))).catch(() => undefined)
    await fail()
    expect(keys.keyFor(wish)).toBe('key-1')
    expect(await keys.run(wish, async (key) => key)).toBe('key-1')
    expect(await keys.run(wish, async (key) => key)).toBe('key-2')
    const intents = [
      wish,
      rechargeIntent(5_000, 'wap'),
      rechargeIntent(6_000, 'h5'),
      payTableIntent('tbl_1', { minutes: 60 }, 5_000, 'h5'),
      payTableIntent('tbl_1', { minutes: 60 }, 5_000, 'wap'),
      refundIntent(5_000),
    ]
    expect(new Set(intents).size).toBe(intents.length)
  })
})
