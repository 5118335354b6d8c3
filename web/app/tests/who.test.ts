import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it } from 'vitest'
import type { Customer } from '@/api/types'
import { useWho } from '@/composables/useWho'
import { useCustomerStore } from '@/stores/customer'

interface Sent {
  success(answer: { statusCode: number; data: unknown; header: unknown }): void
  fail(answer: { errMsg: string }): void
}
const KNOWN: Customer = {
  id: 'cus_1',
  number: '10000001',
  guest: false,
  phone: '139****9000',
  wechat: false,
  balance_fen: 0,
  held_fen: 0,
  available_fen: 0,
}
const online = (sent: Sent) => sent.success({ statusCode: 200, data: KNOWN, header: {} })
const offline = (sent: Sent) => sent.fail({ errMsg: 'request:fail' })

function arrive() {
  uni.setStorageSync('cuekey.customer', { token: 'mine', guest: false })
  setActivePinia(createPinia())
  useCustomerStore().install({ silently: async () => false, rest: () => undefined })
  return useWho()
}

beforeEach(() => Object.assign(uni, { request: online }))

describe('who is there', () => {
  it('is not a guest for as long as the server has not told who it is', async () => {
    Object.assign(uni, { request: offline })
    const { guest, error, asking, learn } = arrive()
    expect(guest.value).toBeNull()
    await learn()
    expect([guest.value, error.value !== null, asking.value]).toEqual([null, true, false])
    Object.assign(uni, { request: online })
    await learn()
    expect([guest.value, error.value]).toEqual([false, null])
  })

  it('is a guest without a token, and need not be asked for', async () => {
    Object.assign(uni, { request: offline })
    const { guest, error, learn } = arrive()
    await useCustomerStore().signOut()
    await learn()
    expect([guest.value, error.value]).toEqual([true, null])
  })
})
