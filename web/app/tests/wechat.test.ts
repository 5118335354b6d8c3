import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isPage } from '@/shared/go'
import { payInside, wordOf } from '@/shared/wechat-pay'
import { arrivalOf, tripAddress, Trips, type Trip, type TripShelf } from '@/shared/wechat-trip'

let now: number
let kept: Trip | null
const shelf: TripShelf = { read: () => kept, write: (trip) => ((kept = trip), true), clear: () => (kept = null) }
const trips = () => new Trips(shelf, () => now)
const WISH = { back: '/pages/mine', asked: true, resume: null }

beforeEach(() => {
  now = 1_000_000
  kept = null
})

describe('a way over WeChat’s page', () => {
  it('ends with its own state, once', () => {
    const begun = trips().begin(WISH)
    expect(begun?.state).toMatch(/^[0-9a-f]{32}$/)
    expect(trips().end(begun?.state ?? '')).toMatchObject(WISH)
    expect(trips().end(begun?.state ?? '')).toBeNull()
  })

  it('ends as what it was begun for: whoever binds WeChat is not signed in by it', () => {
    const begun = trips().begin({ ...WISH, bind: 'cus_1' })
    expect(trips().end(begun?.state ?? '')?.bind).toBe('cus_1')
    expect(trips().end(trips().begin(WISH)?.state ?? '')?.bind).toBeUndefined()
  })

  it('does not end with another’s, which leaves it under way', () => {
    const begun = trips().begin(WISH)
    for (const forged of ['wrong', '', `${begun?.state}0`, begun?.state.toUpperCase().replace(/[0-9]/g, 'x') ?? '']) {
      expect(trips().end(forged), forged).toBeNull()
    }
    expect(trips().end(begun?.state ?? '')).not.toBeNull()
  })

  it('does not end where none was begun, even without a state', () => {
    expect([trips().end(''), trips().end('wrong')]).toEqual([null, null])
    kept = { ...WISH, state: '', until: now + 1_000 }
    expect(trips().end('')).toBeNull()
  })

  it('does not end after its time', () => {
    const state = trips().begin(WISH)?.state ?? ''
    now += 10 * 60_000
    expect(trips().end(state)).toBeNull()
  })

  it('has a state of its own each time', () => {
    const states = Array.from({ length: 50 }, () => trips().begin(WISH)?.state)
    expect(new Set(states).size).toBe(50)
  })

  it('is not begun where nothing can be kept', () => {
    expect(new Trips({ ...shelf, write: () => false }).begin(WISH)).toBeNull()
  })
})

describe('the address of WeChat’s page', () => {
  it('has its parameters in the order that WeChat takes', () => {
    const base = 'https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx1&response_type=code&scope=snsapi_base'
    expect(tripAddress(base, 'https://hall.example/m/', 'abc')).toBe(
      'https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx1&redirect_uri=https%3A%2F%2Fhall.example%2Fm%2F' +
        '&response_type=code&scope=snsapi_base&state=abc#wechat_redirect',
    )
    expect(tripAddress('https://w.example/a?scope=s&appid=1&more=2', 'https://h/', 'x')).toBe(
      'https://w.example/a?appid=1&redirect_uri=https%3A%2F%2Fh%2F&scope=s&state=x&more=2#wechat_redirect',
    )
  })

  it('leads back with a code and a state, which are taken out', () => {
    expect(arrivalOf('?code=c1&state=s1')).toEqual({ code: 'c1', state: 's1', rest: '' })
    expect(arrivalOf('?t=TABLE&code=c1&state=s1&order=o')).toEqual({
      code: 'c1',
      state: 's1',
      rest: '?t=TABLE&order=o',
    })
    expect(arrivalOf('?code=a%2Bb&state=%E4')).toEqual({ code: 'a+b', state: '%E4', rest: '' })
    expect(arrivalOf('?state=s1')).toEqual({ code: '', state: 's1', rest: '' })
    expect(arrivalOf('?code=c1&code=c2&state=s1&state=s2')).toEqual({ code: 'c1', state: 's1', rest: '' })
    expect([arrivalOf(''), arrivalOf('?t=TABLE'), arrivalOf('?encode=1&codes=2')]).toEqual([null, null, null])
  })

  it('is left for none but a page of ours', () => {
    expect(['/pages/mine', '/pages/table?id=tbl_1&press=1'].map(isPage)).toEqual([true, true])
    for (const other of [undefined, '', '//evil.example', 'https://evil.example', '/pages/../x', '/m/pages/mine']) {
      expect(isPage(other), other).toBe(false)
    }
  })
})

describe('WeChat’s window for paying', () => {
  const before = uni
  afterEach(() => {
    vi.unstubAllGlobals()
    vi.stubGlobal('uni', before)
  })
  const JSAPI = {
    kind: 'jsapi',
    app_id: 'wx1',
    time_stamp: '1700000000',
    nonce_str: 'n',
    package: 'prepay_id=wx2',
    sign_type: 'RSA',
    pay_sign: 's',
  } as const

  it('is left with a word', () => {
    const said = ['ok', 'cancel', 'fail', 'fail_no permission'].map((end) => wordOf(`get_brand_wcpay_request:${end}`))
    expect(said).toEqual(['ok', 'cancel', 'fail', 'fail'])
    expect(
      ['requestPayment:ok', 'requestPayment:fail cancel', 'requestPayment:fail x', '', undefined].map(wordOf),
    ).toEqual(['ok', 'cancel', 'fail', 'fail', 'fail'])
  })

  it('is given what the server has signed', async () => {
    const given: unknown[] = []
    // Code of both platforms runs here, one after the other.
    const invoke = (...asked: unknown[]) => {
      given.push(asked.slice(0, 2))
      ;(asked[2] as (answer: object) => void)({ err_msg: 'get_brand_wcpay_request:ok' })
    }
    const requestPayment = vi.fn((options: { fail(answer: object): void }) =>
      options.fail({ errMsg: 'requestPayment:fail cancel' }),
    )
    vi.stubGlobal('window', { WeixinJSBridge: { invoke } })
    vi.stubGlobal('uni', { ...uni, requestPayment })
    expect(await payInside(JSAPI)).toBe('cancel')
    const signed = { timeStamp: '1700000000', nonceStr: 'n', package: 'prepay_id=wx2', signType: 'RSA', paySign: 's' }
    expect(given).toEqual([['getBrandWCPayRequest', { appId: 'wx1', ...signed }]])
    expect(requestPayment.mock.calls[0]?.[0]).toMatchObject({ provider: 'wxpay', ...signed })
  })
})
