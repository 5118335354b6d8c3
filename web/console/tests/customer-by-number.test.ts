import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, nextTick, reactive, ref, type EffectScope } from 'vue'
import { useCustomerByNumber } from '@/views/floor/useCustomerByNumber'

interface Asked {
  body: string
  answer(status: number, body: object): void
}
let asked: Asked[] = []
let scope: EffectScope

beforeEach(() => {
  asked = []
  scope = effectScope()
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  vi.stubGlobal(
    'fetch',
    (_: string, { body }: RequestInit) =>
      new Promise<Response>((resolve) => {
        const answer = (status: number, said: object) => resolve(new Response(JSON.stringify(said), { status }))
        asked.push({ body: String(body), answer })
      }),
  )
})
afterEach(() => {
  scope.stop()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

function start() {
  const form = { model: reactive({ number: '' }), busy: ref(false), capture: vi.fn<(error: unknown) => void>() }
  const found = scope.run(() => useCustomerByNumber(form))
  if (!found) throw new Error('the scope was stopped')
  const type = async (number: string) => {
    form.model.number = number
    await nextTick()
    await vi.advanceTimersByTimeAsync(300)
  }
  const at = (index: number): Asked => {
    const one = asked[index]
    if (!one) throw new Error(`nothing was asked for the ${index}th time`)
    return one
  }
  return { ...form, ...found, type, at, shown: () => found.who.value?.customer.number }
}
const customer = (number: string) => ({ customer: { number }, cash_fen: 0, payable_fen: 0 })

describe('a customer by a number', () => {
  it('is looked up once the number is whole: a customer’s own, or a phone’s', async () => {
    const { type } = start()
    for (const part of ['1', '1234567', '123456789', '1390013900', '23900139000']) await type(part)
    expect(asked).toEqual([])
    await type('12345678')
    await type(' 13900139000 ')
    expect(asked.map(({ body }) => body)).toEqual(['{"number":"12345678"}', '{"number":"13900139000"}'])
  })

  it('is not looked up while the form is being sent', async () => {
    const { busy, type } = start()
    busy.value = true
    await type('12345678')
    expect(asked).toEqual([])
  })

  it('is nobody once the number is another, and a late answer is not taken for the one that is typed', async () => {
    const { model, find, forget, at, shown } = start()
    model.number = '12345678'
    const early = find()
    model.number = '87654321'
    const late = find()
    at(1).answer(200, customer('87654321'))
    await late
    expect(shown()).toBe('87654321')
    at(0).answer(200, customer('12345678'))
    await early
    expect(shown()).toBe('87654321')
    model.number = '8765432'
    expect(shown()).toBeUndefined()
    model.number = '87654321 '
    expect(shown()).toBe('87654321')
    forget()
    expect(shown()).toBeUndefined()
  })

  it('is told to the form where there is none', async () => {
    const { capture, type, at, shown } = start()
    await type('12345678')
    at(0).answer(422, { code: 'INVALID', errors: [{ field: 'number', code: 'UNKNOWN', message: 'nobody' }] })
    await vi.waitFor(() => expect(capture).toHaveBeenCalledTimes(1))
    expect(capture.mock.calls[0]?.[0]).toMatchObject({ code: 'INVALID' })
    expect(shown()).toBeUndefined()
  })
})
