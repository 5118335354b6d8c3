import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Customer } from '@/api/types'
import { useCustomerStore, type Silent } from '@/stores/customer'

interface Sent {
  url: string
  data?: unknown
  header: Record<string, string>
  success(answer: { statusCode: number; data: unknown; header: unknown }): void
}
const customer = (id: string, guest: boolean): Customer => ({
  id,
  number: '10000001',
  guest,
  phone: null,
  wechat: !guest,
  balance_fen: 0,
  held_fen: 0,
  available_fen: 0,
})
/** Whose token is good, by path: a new guest's, or one who has come by WeChat. */
const NEW: Record<string, { token: string; customer: Customer }> = {
  '/customer/v1/guests': { token: 'of-a-guest', customer: customer('cus_1', true) },
  '/customer/v1/wechat': { token: 'of-wechat', customer: customer('cus_2', false) },
  '/customer/v1/sign-in': { token: 'of-a-number', customer: { ...customer('cus_3', false), wechat: false } },
}
let sent: string[] = []
let bodies: unknown[] = []
let good: string[] = []
/** Whether who signs in does so for the first time. */
let first = false

function answer(options: Sent): void {
  sent.push(options.url)
  bodies.push(options.data)
  const made = NEW[options.url]
  const token = options.header.Authorization?.slice('Bearer '.length) ?? ''
  const known = Object.values(NEW).find((one) => one.token === token)
  if (made !== undefined) options.success({ statusCode: 201, data: { ...made, new: first }, header: {} })
  else if (known !== undefined && good.includes(token))
    options.success({ statusCode: 200, data: known.customer, header: {} })
  else options.success({ statusCode: 401, data: { code: 'SESSION_INVALID' }, header: {} })
}

const asGuest: Silent = { silently: async () => false, rest: () => undefined }

beforeEach(async () => {
  good = Object.values(NEW).map(({ token }) => token)
  first = false
  setActivePinia(createPinia())
  Object.assign(uni, { request: answer, showToast: () => undefined })
  vi.stubGlobal('getCurrentPages', () => [{ route: 'pages/mine', options: { tab: 'bills', press: '1' } }])
  // What an earlier test has left is forgotten.
  useCustomerStore().install(asGuest)
  await useCustomerStore().signOut()
  setActivePinia(createPinia())
  sent = []
  bodies = []
})

describe('whoever is nobody yet', () => {
  it('becomes one guest, however many ask at once', async () => {
    const store = useCustomerStore()
    store.install(asGuest)
    await Promise.all([store.refresh(), store.refresh(), store.ensure('/pages/mine')])
    expect(sent.filter((url) => url.endsWith('/guests'))).toHaveLength(1)
    expect(store.customer?.guest).toBe(true)
  })

  it('is signed in by WeChat instead, where that asks nothing, and is back on the same page', async () => {
    const store = useCustomerStore()
    const asked: string[] = []
    store.install({
      ...asGuest,
      silently: async (back) => {
        asked.push(back)
        await store.signInByWechat('mini', 'code')
        return true
      },
    })
    await store.refresh()
    expect([store.customer?.id, asked]).toEqual(['cus_2', ['/pages/mine?tab=bills']])
    expect(sent).not.toContain('/customer/v1/guests')
    // Whoever has a token is not asked for another.
    await store.ensure('/pages/index')
    expect(asked).toHaveLength(1)
  })
})

describe('a token that has ended', () => {
  it('is not taken for the end of one that was given beside', async () => {
    const store = useCustomerStore()
    store.install(asGuest)
    await store.refresh()
    // Another page of the same browser has made the guest a customer.
    good = ['of-wechat']
    uni.setStorageSync('cuekey.customer', { token: 'of-wechat', guest: false })
    await store.refresh()
    expect([store.customer?.id, store.token]).toEqual(['cus_2', 'of-wechat'])
    expect(uni.getStorageSync('cuekey.customer')).toEqual({ token: 'of-wechat', guest: false })
  })

  it('is told to whoever was signed in, over a reload too, and makes them no guest', async () => {
    const store = useCustomerStore()
    store.install(asGuest)
    await store.signIn('tkt_1', '13800000000', '123456', false)
    good = []
    for (let n = 0; n < 2; n += 1) await expect(store.refresh()).rejects.toMatchObject({ code: 'SESSION_INVALID' })
    expect([store.signedOut, store.token, store.customer]).toEqual([true, null, null])
    setActivePinia(createPinia())
    const later = useCustomerStore()
    later.install(asGuest)
    expect(later.signedOut).toBe(true)
    expect(sent.filter((url) => url.endsWith('/guests'))).toEqual([])
    await later.signIn('tkt_2', '13800000000', '123456', false)
    expect([later.signedOut, later.token]).toEqual([false, 'of-a-number'])
  })

  it('is no news to a guest, nor to whoever has signed out', async () => {
    const store = useCustomerStore()
    store.install(asGuest)
    await store.refresh()
    good = ['of-a-number']
    await expect(store.refresh()).rejects.toMatchObject({ code: 'SESSION_INVALID' })
    expect(store.signedOut).toBe(false)
    await store.signIn('tkt_1', '13800000000', '123456', false)
    await store.signOut()
    expect(store.signedOut).toBe(false)
  })

  it('is forgotten, and nobody is signed in again who has signed out', async () => {
    const store = useCustomerStore()
    const rest = vi.fn()
    store.install({ ...asGuest, rest })
    await store.signInByWechat('mini', 'code')
    expect(rest).not.toHaveBeenCalled()
    await store.signOut()
    expect([store.token, rest.mock.calls.length, uni.getStorageSync('cuekey.customer')]).toEqual([null, 1, ''])
  })
})

describe('whoever signs in for the first time', () => {
  it('is welcomed until that was seen, or somebody else is there', async () => {
    const store = useCustomerStore()
    store.install(asGuest)
    await store.signIn('tkt_1', '13800000000', '123456', false)
    expect(store.newcomer).toBeNull()
    first = true
    await store.signIn('tkt_2', '13800000000', '123456', false)
    expect(store.newcomer?.id).toBe('cus_3')
    first = false
    await store.signIn('tkt_3', '13800000000', '123456', false)
    expect(store.newcomer?.id).toBe('cus_3')
    await store.signInByWechat('mini', 'code')
    expect(store.newcomer).toBeNull()
    first = true
    await store.signInByWechat('mini', 'code')
    store.welcomed()
    expect(store.newcomer).toBeNull()
  })
})

describe('whoever has lost a phone', () => {
  it('signs out on all of them, this one too', async () => {
    const store = useCustomerStore()
    store.install(asGuest)
    await store.signIn('tkt_1', '13800000000', '123456', false)
    await store.signOutEverywhere()
    expect([store.token, store.customer]).toEqual([null, null])
    expect(sent.at(-1)).toBe('/customer/v1/sign-out-everywhere')
  })
})

describe('whoever has another number', () => {
  it('brings a code of each of the two, and stays signed in here', async () => {
    const store = useCustomerStore()
    store.install(asGuest)
    await store.signIn('tkt_1', '13800000000', '123456', false)
    const own = NEW['/customer/v1/sign-in']?.customer
    Object.assign(uni, {
      request: (options: Sent) => {
        answer({ ...options, success: () => undefined })
        options.success({ statusCode: 200, data: { ...own, phone: '139****9000' }, header: {} })
      },
    })
    await store.changePhone(
      { phone: '13900139000', ticket: 'tkt_3', code: '333333' },
      { phone: '13800000000', ticket: 'tkt_2', code: '222222' },
    )
    expect([store.customer?.phone, store.token]).toEqual(['139****9000', 'of-a-number'])
    expect(sent.at(-1)).toBe('/customer/v1/phone')
    expect(bodies.at(-1)).toEqual({
      phone: '13900139000',
      ticket: 'tkt_3',
      code: '333333',
      own_ticket: 'tkt_2',
      own_code: '222222',
    })
  })
})

describe('WeChat', () => {
  it('is brought along to a number only by whoever says that it is theirs', async () => {
    const store = useCustomerStore()
    store.install(asGuest)
    await store.signInByWechat('mini', 'code')
    await store.signIn('tkt_1', '13800000000', '123456', false)
    await store.signIn('tkt_2', '13800000000', '123456', true)
    expect(bodies.slice(1)).toMatchObject([{ join: false }, { join: true }])
  })

  it('is bound and unbound by who is signed in, who stays so', async () => {
    const store = useCustomerStore()
    store.install(asGuest)
    await store.signIn('tkt_1', '13800000000', '123456', false)
    const own = NEW['/customer/v1/sign-in']?.customer
    for (const wechat of [true, false]) {
      Object.assign(uni, {
        request: (options: Sent) => {
          answer({ ...options, success: () => undefined })
          options.success({ statusCode: 200, data: { ...own, wechat }, header: {} })
        },
      })
      await (wechat ? store.bindWechat('mini', 'code') : store.unbindWechat())
      expect([store.customer?.id, store.customer?.wechat, store.token]).toEqual(['cus_3', wechat, 'of-a-number'])
    }
    expect(sent.slice(1)).toEqual(['/customer/v1/wechat/bind', '/customer/v1/wechat/unbind'])
    expect(bodies[1]).toEqual({ app: 'mini', code: 'code' })
  })
})
