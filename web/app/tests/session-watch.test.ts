import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError, networkError } from '@/api/problem'
import type { Session, SessionState } from '@/api/types'
import { backoffMs, nextPollMs } from '@/shared/polling'
import { SessionWatch } from '@/shared/session-watch'

const START = Date.UTC(2026, 10, 28, 12, 0, 0)
const later = (seconds: number) => new Date(START + seconds * 1000).toISOString()

function session(state: SessionState, paidUntil: number | null = 3_600): Session {
  return {
    id: 'ses_1',
    state,
    venue_name: 'v',
    table_id: 'tbl_1',
    table_name: '1',
    asked_at: later(0),
    lit_at: null,
    paid_until: paidUntil === null ? null : later(paidUntil),
    held_fen: 4_000,
    cost_so_far_fen: 0,
    now: later(0),
    ended_at: null,
    end_reason: null,
    text: '',
    bill: null,
    pause: { since: null, ends: null, left_seconds: 0, over_seconds: 0, offered: false, lit: false },
    extensions: [],
    split: null,
    can_split: false,
  }
}

describe('the rhythm', () => {
  it('is a second while the lamp is waited for, slower when it is late', () => {
    expect(nextPollMs({ state: 'opening', failures: 0, waited: 3, left: null })).toBe(1_000)
    expect(nextPollMs({ state: 'opening', failures: 0, waited: 40, left: null })).toBe(3_000)
  })

  it('is a quarter of a minute while playing, and close at the end', () => {
    expect(nextPollMs({ state: 'playing', failures: 0, waited: 60, left: 1_000 })).toBe(15_000)
    expect(nextPollMs({ state: 'playing', failures: 0, waited: 60, left: 4 })).toBe(4_500)
    expect(nextPollMs({ state: 'playing', failures: 0, waited: 60, left: 0 })).toBe(2_000)
  })

  it('stops at the end', () => {
    for (const state of ['closed', 'failed'] as const) {
      expect(nextPollMs({ state, failures: 0, waited: 60, left: 0 })).toBeNull()
    }
  })

  it('backs off from a network that is gone, up to a cap', () => {
    expect([1, 2, 3, 4, 5, 6, 99].map((failures) => backoffMs(failures))).toEqual([
      1_000, 2_000, 4_000, 8_000, 15_000, 15_000, 15_000,
    ])
  })
})

describe('the watch', () => {
  let answers: (Session | Error)[]
  let fetch: ReturnType<typeof vi.fn<() => Promise<Session>>>
  const events = { session: vi.fn(), failures: vi.fn(), refused: vi.fn() }

  beforeEach(() => {
    vi.useFakeTimers({ now: START })
    vi.clearAllMocks()
    answers = []
    fetch = vi.fn(async () => {
      const answer = answers.shift() ?? session('playing')
      if (answer instanceof Error) throw answer
      return answer
    })
  })
  afterEach(() => vi.useRealTimers())

  it('asks at once, then each second until the lamp is on', async () => {
    answers = [session('opening'), session('opening'), session('playing')]
    const watch = new SessionWatch(fetch, events)
    watch.wake()
    await vi.advanceTimersByTimeAsync(2_100)
    expect(events.session.mock.calls.map(([{ state }]) => state)).toEqual(['opening', 'opening', 'playing'])
    await vi.advanceTimersByTimeAsync(14_000)
    expect(fetch).toHaveBeenCalledTimes(3)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(fetch).toHaveBeenCalledTimes(4)
    watch.sleep()
  })

  it('keeps trying without a network, and says when it is back', async () => {
    answers = [session('playing'), networkError(''), networkError(''), session('playing')]
    const watch = new SessionWatch(fetch, events)
    watch.wake()
    await vi.advanceTimersByTimeAsync(15_000)
    await vi.advanceTimersByTimeAsync(1_000)
    await vi.advanceTimersByTimeAsync(2_000)
    expect(events.failures.mock.calls.map(([count]) => count)).toEqual([1, 2, 0])
    expect(events.refused).not.toHaveBeenCalled()
    watch.sleep()
  })

  it('asks no more when it is told no, when it is over, or when nobody looks', async () => {
    answers = [new ApiError({ status: 404, code: 'NOT_FOUND' })]
    const watch = new SessionWatch(fetch, events)
    watch.wake()
    await vi.advanceTimersByTimeAsync(60_000)
    expect([fetch.mock.calls.length, events.refused.mock.calls.length]).toEqual([1, 1])

    answers = [session('closed')]
    const over = new SessionWatch(fetch, events)
    over.wake()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(fetch).toHaveBeenCalledTimes(2)

    const hidden = new SessionWatch(fetch, events)
    hidden.wake()
    await vi.advanceTimersByTimeAsync(0)
    hidden.sleep()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(fetch).toHaveBeenCalledTimes(3)
    hidden.wake()
    await vi.advanceTimersByTimeAsync(0)
    expect(fetch).toHaveBeenCalledTimes(4)
    hidden.sleep()
  })

  it('drops an answer that another has overtaken', async () => {
    let release: (session: Session) => void = () => undefined
    fetch.mockImplementationOnce(() => new Promise((resolve) => (release = resolve)))
    const watch = new SessionWatch(fetch, events)
    watch.wake()
    watch.accept(session('closed'))
    release(session('playing'))
    await vi.advanceTimersByTimeAsync(0)
    expect(events.session.mock.calls.map(([{ state }]) => state)).toEqual(['closed'])
  })
})
