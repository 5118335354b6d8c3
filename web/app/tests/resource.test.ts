import { onHide, onShow } from '@dcloudio/uni-app'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError, networkError } from '@/api/problem'
import { useResource } from '@/composables/useResource'
import { useWhileShown } from '@/composables/useWhileShown'

interface Question {
  answer(text: string): void
  fail(error?: ApiError): void
}
let questions: Question[]
const fetch = () =>
  new Promise<string>((resolve, reject) => {
    questions.push({ answer: resolve, fail: (error = networkError('timeout')) => reject(error) })
  })
const settled = () => vi.advanceTimersByTimeAsync(0)
const show = () => vi.mocked(onShow).mock.calls.forEach(([hook]) => hook())
const hide = () => vi.mocked(onHide).mock.calls.forEach(([hook]) => hook())

beforeEach(() => {
  vi.useFakeTimers()
  vi.mocked(onShow).mockClear()
  vi.mocked(onHide).mockClear()
  questions = []
})
afterEach(() => vi.useRealTimers())

describe('what a page shows', () => {
  it('is an answer that the next question has overtaken, until that is answered', async () => {
    const { data, loading, load } = useResource(fetch)
    void load()
    void load()
    questions[0]?.answer('first')
    await settled()
    expect([data.value, loading.value]).toEqual(['first', true])
    questions[1]?.answer('second')
    await settled()
    expect([data.value, loading.value]).toEqual(['second', false])
  })

  it('is never an older answer, or an older error, in the place of a newer answer', async () => {
    const { data, error, load } = useResource(fetch)
    for (let n = 0; n < 3; n += 1) void load()
    questions[2]?.answer('newest')
    await settled()
    questions[0]?.answer('old')
    questions[1]?.fail()
    await settled()
    expect([data.value, error.value]).toEqual(['newest', null])
  })

  it('is an error for as long as it is asked for again, however often', async () => {
    const { data, error, load } = useResource(fetch)
    void load()
    void load()
    questions[0]?.fail()
    await settled()
    expect([data.value, error.value !== null]).toEqual([null, true])
    questions[1]?.answer('here')
    await settled()
    expect([data.value, error.value]).toEqual(['here', null])
  })

  it('is what came another way rather than what was asked for before', async () => {
    const { data, load, accept } = useResource(fetch)
    const asked = load()
    accept('written')
    questions[0]?.answer('read before')
    expect([await asked, data.value]).toEqual([null, 'written'])
  })
})

describe('what is somebody’s own', () => {
  it('is not shown any more once they are signed out, and is asked for anew', async () => {
    const { data, error, answered, load } = useResource(fetch)
    void load()
    questions[0]?.answer('theirs')
    await settled()
    void load()
    questions[1]?.fail(new ApiError({ status: 401, code: 'SESSION_INVALID' }))
    await settled()
    expect([data.value, answered.value, error.value !== null]).toEqual([null, false, true])
    void load()
    expect(error.value).toBeNull()
  })
})

describe('asking while a page is shown', () => {
  it('waits for an answer before it asks again at an interval', async () => {
    useWhileShown(fetch, 3_000)
    show()
    await vi.advanceTimersByTimeAsync(10_000)
    expect(questions).toHaveLength(1)
    questions[0]?.answer('slow')
    await vi.advanceTimersByTimeAsync(3_000)
    expect(questions).toHaveLength(2)
    hide()
    questions[1]?.answer('slow')
    await vi.advanceTimersByTimeAsync(10_000)
    expect(questions).toHaveLength(2)
  })

  it('asks at once where the page shows again, whatever is under way', async () => {
    useWhileShown(fetch, 3_000)
    show()
    hide()
    show()
    await settled()
    expect(questions).toHaveLength(2)
  })
})
