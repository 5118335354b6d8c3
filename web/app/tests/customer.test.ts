import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { Customer } from '@/api/types'
import { useCustomerStore, type Silent } from '@/stores/customer'

interface Sent {
  url: string
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
}
let sent: string[] = []
let good: string[] = []

function answer(options: Sent): void {
  sent.push(options.url)
  const made = NEW[options.url]
  const token = options.header.Authorization?.slice('Bearer '.length) ?? ''
  const known = Object.values(NEW).find((one) => one.token === token)
  if (made !== undefined) options.success({ statusCode: 201, data: made, header: {} })
  else if (known !== undefined && good.includes(token))
    options.success({ statusCode: 200, data: known.customer, header: {} })
  else options.success({ statusCode: 401, data: { code: 'SESSION_INVALID' }, header: {} })
}

const asGuest: Silent = { silently: async () => false, rest: () => undefined }

beforeEach(async () => {
  good = Object.values(NEW).map(({ token }) => token)
  setActivePinia(createPinia())
  Object.assign(uni, { request: answer, showToast: () => undefined })
  vi.stubGlobal('getCurrentPages', () => [{ route: 'pages/mine', options: { tab: 'bills', press: '1' } }])
  // What an earlier test has left is forgotten.
  useCustomerStore().install(asGuest)
  await useCustomerStore().signOut()
  setActivePinia(createPinia())
  sent = []
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
