import { createPinia, setActivePinia } from 'pinia'
import { beforeEach, describe, expect, it } from 'vitest'
import { installHttpHooks } from '@/api/http'
import { useCustomerStore } from '@/stores/customer'
import { useLiveStore } from '@/stores/live'

interface Sent {
  url: string
  data?: unknown
  success(answer: { statusCode: number; data: unknown; header: unknown }): void
  fail(answer: { errMsg: string }): void
}

describe('messages that wait', () => {
  let waiting: number | undefined
  let reached: boolean
  let read: unknown[]

  beforeEach(() => {
    waiting = 3
    reached = true
    read = []
    setActivePinia(createPinia())
    installHttpHooks({
      language: () => 'en',
      token: () => 'tok',
      becomeSomebody: async () => undefined,
      signedOut: () => false,
      forget: () => undefined,
    })
    useCustomerStore().token = 'tok'
    Object.assign(uni, {
      request: ({ url, data, success, fail }: Sent) => {
        if (!reached) return fail({ errMsg: 'request:fail' })
        if (url !== '/customer/v1/messages/read')
          return success({ statusCode: 200, data: { session: null, unread_messages: waiting }, header: {} })
        read.push(data)
        waiting = 0
        success({ statusCode: 204, data: '', header: {} })
      },
    })
  })

  it('are counted with what is asked anyway, and no more once they were shown', async () => {
    const live = useLiveStore()
    await live.refresh()
    expect(live.unread).toBe(3)
    await live.readTo('msg_3')
    expect([read, live.unread]).toEqual([[{ newest: 'msg_3' }], 0])
  })

  it('wait on where that does not arrive, and are nobody’s who is signed out', async () => {
    const live = useLiveStore()
    await live.refresh()
    reached = false
    await live.readTo('msg_3')
    expect([read, live.unread]).toEqual([[], 3])
    useCustomerStore().token = null
    await live.refresh()
    expect(live.unread).toBe(0)
  })

  it('are none of a server that does not tell them', async () => {
    waiting = undefined
    await useLiveStore().refresh()
    expect(useLiveStore().unread).toBe(0)
  })
})
