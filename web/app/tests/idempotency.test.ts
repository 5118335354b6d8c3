import { beforeEach, describe, expect, it } from 'vitest'
import { ApiError, networkError } from '@/api/problem'
import { extendIntent, openIntent, PendingKeys, type KeyShelf } from '@/shared/idempotency'
import { randomKey } from '@/shared/random'

let now: number
let entries: ReturnType<KeyShelf['read']>
let made: number
const shelf: KeyShelf = { read: () => structuredClone(entries), write: (next) => (entries = structuredClone(next)) }
const keys = () =>
  new PendingKeys(
    shelf,
    () => now,
    () => `key-${++made}`,
  )
const OPEN = openIntent('tbl_1', { minutes: 60 }, 4_000)

async function sent(pending: PendingKeys, intent: string, outcome: unknown): Promise<string> {
  let used = ''
  await pending
    .run(intent, async (key) => {
      used = key
      if (outcome instanceof Error) throw outcome
      return outcome
    })
    .catch(() => undefined)
  return used
}

beforeEach(() => {
  now = 1_000_000
  entries = {}
  made = 0
})

describe('an idempotency key', () => {
  it('is the same for every retry until the server has answered', async () => {
    const pending = keys()
    expect(await sent(pending, OPEN, networkError('request:fail'))).toBe('key-1')
    expect(await sent(pending, OPEN, networkError('request:fail timeout'))).toBe('key-1')
    expect(await sent(pending, OPEN, new ApiError({ status: 503, code: 'BUSY' }))).toBe('key-1')
    expect(pending.has(OPEN)).toBe(true)
    expect(await sent(pending, OPEN, { id: 'ses_1' })).toBe('key-1')
    expect(pending.has(OPEN)).toBe(false)
    expect(await sent(pending, OPEN, { id: 'ses_2' })).toBe('key-2')
  })

  it('survives a reload of the page', async () => {
    await sent(keys(), OPEN, networkError(''))
    expect(await sent(keys(), OPEN, { id: 'ses_1' })).toBe('key-1')
  })

  it('is given up once the server has clearly refused', async () => {
    const pending = keys()
    await sent(pending, OPEN, new ApiError({ status: 409, code: 'BALANCE_INSUFFICIENT' }))
    expect(pending.has(OPEN)).toBe(false)
    await sent(pending, OPEN, new ApiError({ status: 409, code: 'IDEMPOTENCY_IN_PROGRESS' }))
    expect(pending.has(OPEN)).toBe(true)
  })

  it('differs by everything that is asked for', () => {
    const pending = keys()
    const intents = [
      OPEN,
      openIntent('tbl_2', { minutes: 60 }, 4_000),
      openIntent('tbl_1', { minutes: 120 }, 4_000),
      openIntent('tbl_1', { package: 60 }, 4_000),
      openIntent('tbl_1', { minutes: 60 }, 3_000),
      extendIntent('ses_1', 30, 2_000, '2026-11-28T13:00:00Z'),
      // The same wish again, after it was granted: it leads to a later end.
      extendIntent('ses_1', 30, 2_000, '2026-11-28T13:30:00Z'),
    ]
    expect(new Set(intents.map((intent) => pending.keyFor(intent))).size).toBe(intents.length)
  })

  it('is no retry any more after ten minutes, nor once the session was seen', () => {
    const pending = keys()
    expect(pending.keyFor(OPEN)).toBe('key-1')
    now += 10 * 60_000
    expect(pending.keyFor(OPEN)).toBe('key-2')
    pending.keyFor('extend:x')
    pending.answeredAll('open:')
    expect([pending.has(OPEN), pending.has('extend:x')]).toEqual([false, true])
  })

  it('is 128 random bits', () => {
    const many = Array.from({ length: 200 }, randomKey)
    expect(new Set(many).size).toBe(200)
    for (const key of many) expect(key).toMatch(/^[0-9a-f]{32}$/)
  })
})
