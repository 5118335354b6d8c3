import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { effectScope, shallowRef } from 'vue'
import type { Project } from '@/api/types'
import { useBanEnds } from '@/views/projects/useBanEnds'

const NOW = Date.parse('2026-11-21T08:00:00Z')
const project = (id: string, seconds: number | null, state: Project['state'] = 'active') =>
  ({ id, state, banned_until: seconds === null ? null : new Date(NOW + seconds * 1_000).toISOString() }) as Project

function start(rows: Project[], ask: (id: string) => Promise<Project>) {
  const items = shallowRef(rows)
  const scope = effectScope()
  scope.run(() =>
    useBanEnds({
      shown: () => items.value,
      ask,
      changed: (changed) => {
        items.value = items.value.map((item) => (item.id === changed.id ? changed : item))
      },
    }),
  )
  return { items, scope }
}

describe('a ban that is shown', () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: NOW })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('is looked at again when it ends, and nothing else is taken from the answer', async () => {
    const ask = vi.fn((id: string) => Promise.resolve(project(id, null, 'disabled')))
    const { items, scope } = start([project('b', 60), project('a', 20), project('c', null)], ask)
    await vi.advanceTimersByTimeAsync(20_000)
    expect(ask).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(2_000)
    expect(ask.mock.calls.map(([id]) => id)).toEqual(['a'])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(ask.mock.calls.map(([id]) => id)).toEqual(['a', 'b'])
    expect(items.value).toEqual([project('b', null), project('a', null), project('c', null)])
    scope.stop()
  })

  it('is looked at while the server says that it goes on, after a failure too, and while it is shown', async () => {
    let answer: () => Promise<Project> = () => Promise.resolve(project('a', 1))
    const ask = vi.fn(() => answer())
    const { scope } = start([project('a', 1)], ask)
    await vi.advanceTimersByTimeAsync(5_000)
    expect(ask).toHaveBeenCalledTimes(1)
    answer = () => Promise.reject(new Error('away'))
    await vi.advanceTimersByTimeAsync(5_000)
    expect(ask).toHaveBeenCalledTimes(2)
    await vi.advanceTimersByTimeAsync(29_000)
    expect(ask).toHaveBeenCalledTimes(2)
    await vi.advanceTimersByTimeAsync(1_000)
    expect(ask).toHaveBeenCalledTimes(3)
    scope.stop()
    await vi.advanceTimersByTimeAsync(120_000)
    expect(ask).toHaveBeenCalledTimes(3)
  })
})
