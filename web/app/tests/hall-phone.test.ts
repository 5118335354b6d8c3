import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { About } from '@/api/complaints'
import { useHallPhone } from '@/composables/useHallPhone'
import { goHelp } from '@/shared/go'
import { useCustomerStore } from '@/stores/customer'

interface Sent {
  url: string
  success(answer: { statusCode: number; data: unknown; header: unknown }): void
  fail(answer: { errMsg: string }): void
}
let asked: string[]
let offline: boolean
const ANSWERS: Record<string, unknown> = {
  '/customer/v1/sessions/pls_1': { id: 'pls_1', venue_phone: '021-5555 0101' },
  '/customer/v1/sessions/pls_2': { id: 'pls_2' },
  '/customer/v1/venues/ven_1': { venue: { id: 'ven_1', phone: '021-5555 0102' }, tables: [] },
}

beforeEach(() => {
  setActivePinia(createPinia())
  asked = []
  offline = false
  vi.stubGlobal('getCurrentPages', () => [])
  Object.assign(uni, {
    navigateTo: async () => undefined,
    request: (sent: Sent) => {
      asked.push(sent.url)
      if (offline) sent.fail({ errMsg: 'request:fail' })
      else sent.success({ statusCode: 200, data: ANSWERS[sent.url], header: {} })
    },
  })
  useCustomerStore().token = 'tok'
})

async function phoneOf(about: About): Promise<string> {
  const { phone, learn } = useHallPhone()
  await learn(about)
  return phone.value
}

describe('v8_1 the phone of the hall', () => {
  it('is known without a network to whoever comes from a page that knows it, and stands in no address', async () => {
    offline = true
    const went: string[] = []
    Object.assign(uni, { navigateTo: async ({ url }: { url: string }) => void went.push(url) })
    await goHelp({ session: 'pls_9' }, 'hall · 1', 'help', '021-5555 0109')
    await goHelp({ venue: 'ven_9' }, 'hall', 'help', null)
    expect(await phoneOf({ session_id: 'pls_9' })).toBe('021-5555 0109')
    // It has none, which need not be asked.
    expect(await phoneOf({ venue_id: 'ven_9' })).toBe('')
    expect([asked, went.length, went.some((url) => url.includes('5555'))]).toEqual([[], 2, false])
  })

  it('is asked for by whoever opens the page by its address', async () => {
    expect(await phoneOf({ session_id: 'pls_1' })).toBe('021-5555 0101')
    expect(await phoneOf({ venue_id: 'ven_1' })).toBe('021-5555 0102')
    // A server that does not tell it.
    expect(await phoneOf({ session_id: 'pls_2' })).toBe('')
    offline = true
    expect(await phoneOf({ session_id: 'pls_3' })).toBe('')
  })

  it('makes nobody a guest who has no session', async () => {
    useCustomerStore().token = null
    expect(await phoneOf({ session_id: 'pls_1' })).toBe('')
    expect(asked).toEqual([])
  })
})
