import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { installHttpHooks } from '@/api/http'
import { ApiError, networkError } from '@/api/problem'
import type { Session, SessionState } from '@/api/types'
import { Outbox, type Wishes, type WishShelf } from '@/shared/outbox'
import { useCustomerStore } from '@/stores/customer'
import { useLiveStore } from '@/stores/live'
import { useOutboxStore } from '@/stores/outbox'

const session = (state: SessionState, id = 'pls_1') => ({ id, state }) as Session
const refusal = (status: number, code: string) => new ApiError({ status, code })

describe('what waits for the server', () => {
  let now: number
  let wishes: Wishes
  const shelf: WishShelf = { read: () => structuredClone(wishes), write: (next) => (wishes = structuredClone(next)) }
  const outbox = () => new Outbox(shelf, () => now)

  beforeEach(() => {
    now = 1_000_000
    wishes = {}
  })

  it('is one wish a session, as old as when it was first wished, over a reload too', () => {
    outbox().keep('pls_1', { kind: 'close' })
    now += 5_000
    outbox().keep('pls_1', { kind: 'close' })
    outbox().keep('pls_2', { kind: 'extend', minutes: 30 })
    now += 5_000
    outbox().keep('pls_2', { kind: 'extend', minutes: 60 })
    expect(outbox().all()).toEqual({
      pls_1: { kind: 'close', at: 1_000_000 },
      pls_2: { kind: 'extend', minutes: 60, at: 1_005_000 },
    })
  })

  it('is the end rather than more time, until that is taken back', () => {
    outbox().keep('pls_1', { kind: 'extend', minutes: 30 })
    outbox().keep('pls_1', { kind: 'close' })
    outbox().keep('pls_1', { kind: 'extend', minutes: 30 })
    outbox().takeBack('pls_1', 'extend')
    expect(outbox().all().pls_1?.kind).toBe('close')
    outbox().takeBack('pls_1', 'close')
    expect(outbox().all()).toEqual({})
  })

  it('is sent when the session is seen to go on, and more time never is', () => {
    expect(outbox().seen(session('playing'))).toBe(false)
    outbox().keep('pls_1', { kind: 'close' })
    outbox().keep('pls_2', { kind: 'extend', minutes: 30 })
    expect(outbox().seen(session('playing'))).toBe(true)
    expect(outbox().seen(session('playing', 'pls_2'))).toBe(false)
    expect(outbox().seen(session('playing', 'pls_3'))).toBe(false)
    expect(Object.keys(outbox().all())).toEqual(['pls_1', 'pls_2'])
  })

  it('is dropped where the session has ended meanwhile, whoever has ended it', () => {
    for (const state of ['closed', 'failed'] as const) {
      outbox().keep('pls_1', { kind: 'close' })
      outbox().keep('pls_2', { kind: 'extend', minutes: 30 })
      expect(outbox().seen(session(state))).toBe(false)
      expect(outbox().seen(session(state, 'pls_2'))).toBe(false)
      expect(outbox().all()).toEqual({})
    }
  })

  it('stays until an answer has come, and is no other’s than whose it was', () => {
    outbox().keep('pls_1', { kind: 'close' })
    for (const error of [
      networkError('request:fail'),
      networkError('request:fail timeout'),
      refusal(503, 'BUSY'),
      refusal(429, 'RATE_LIMITED'),
      refusal(401, 'SESSION_INVALID'),
    ]) {
      outbox().sent('pls_1', error)
      expect(outbox().seen(session('playing')), error.code).toBe(true)
    }
    outbox().sent('pls_1', refusal(404, 'NOT_FOUND'))
    expect(outbox().all()).toEqual({})
    outbox().keep('pls_1', { kind: 'close' })
    outbox().sent('pls_1', null)
    expect(outbox().all()).toEqual({})
  })

  it('is forgotten after a day', () => {
    outbox().keep('pls_1', { kind: 'close' })
    now += 24 * 60 * 60_000
    expect(outbox().all()).toEqual({})
    expect(outbox().seen(session('playing'))).toBe(false)
  })
})

interface Sent {
  url: string
  success(answer: { statusCode: number; data: unknown; header: unknown }): void
  fail(answer: { errMsg: string }): void
}

describe('the sending of it', () => {
  let waiting: Sent[]
  const answer = (data: unknown) =>
    waiting.splice(0).forEach((one) => one.success({ statusCode: 200, data, header: {} }))
  const closes = () => waiting.filter(({ url }) => url === '/customer/v1/sessions/pls_1/close')

  beforeEach(() => {
    vi.useFakeTimers()
    waiting = []
    uni.setStorageSync('cuekey.outbox', {})
    setActivePinia(createPinia())
    Object.assign(uni, { request: (options: Sent) => void waiting.push(options) })
    installHttpHooks({
      language: () => 'en',
      token: () => 'tok',
      becomeSomebody: async () => undefined,
      signedOut: () => false,
      forget: () => undefined,
    })
  })
  afterEach(() => vi.useRealTimers())

  it('v8_1 happens once, however many see the session at once, and all hear of the bill', async () => {
    const outbox = useOutboxStore()
    outbox.keepClosing('pls_1')
    expect([outbox.of('pls_1')?.kind, outbox.waits()]).toEqual(['close', true])
    const both = [outbox.seen(session('playing')), outbox.seen(session('playing'))]
    expect([closes().length, outbox.sending]).toEqual([1, true])
    answer(session('closed'))
    expect((await Promise.all(both)).map((one) => one?.state)).toEqual(['closed', 'closed'])
    expect([outbox.of('pls_1'), outbox.waits(), outbox.sending]).toEqual([null, false, false])
    // Nothing is left to be sent.
    expect(await outbox.seen(session('playing'))).toBeNull()
    expect(waiting).toEqual([])
  })

  it('v8_1 is tried again at the next sight where no answer comes, and not once it was taken back', async () => {
    const outbox = useOutboxStore()
    outbox.keepClosing('pls_1')
    const lost = outbox.seen(session('playing'))
    waiting.splice(0).forEach((one) => one.fail({ errMsg: 'request:fail' }))
    expect(await lost).toBeNull()
    expect(outbox.of('pls_1')?.kind).toBe('close')
    const again = outbox.seen(session('playing'))
    expect(closes()).toHaveLength(1)
    waiting.splice(0).forEach((one) => one.fail({ errMsg: 'request:fail timeout' }))
    await again
    // In another page of the same browser.
    uni.setStorageSync('cuekey.outbox', {})
    expect(await outbox.seen(session('playing'))).toBeNull()
    expect(waiting).toEqual([])
    expect(outbox.of('pls_1')).toBeNull()
  })

  it('v8_1 happens from whatever page asks how the session is, which shows the end then', async () => {
    const [outbox, live] = [useOutboxStore(), useLiveStore()]
    live.accept(session('playing'))
    outbox.keepClosing('pls_1')
    useCustomerStore().token = 'tok'
    const asked = live.refresh()
    answer({ session: session('playing') })
    await asked
    expect(closes()).toHaveLength(1)
    answer(session('closed'))
    await vi.advanceTimersByTimeAsync(0)
    expect(live.session?.state).toBe('closed')
    expect(outbox.waits()).toBe(false)
  })
})
