import { onShow } from '@dcloudio/uni-app'
import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Split } from '@/api/types'
import { useSplit } from '@/composables/useSplit'

interface Sent {
  url: string
  success(answer: { statusCode: number; data: unknown; header: unknown }): void
  fail(answer: { errMsg: string }): void
}
const SPLIT: Split = {
  id: 'spl_1',
  state: 'open',
  manner: 'even',
  end_reason: null,
  session_id: 'ses_1',
  venue_name: 'v',
  table_name: '1',
  playing: false,
  amount_fen: 1_000,
  confirm_by: null,
  link: null,
  mine: true,
  shares: [],
  now: '2026-11-28T12:00:00Z',
  clock: { ahead_minutes: 480, changes_at: null, then_minutes: null },
}
let asked: string[]
let answer: (sent: Sent) => void
const say = (data: unknown) => (sent: Sent) => sent.success({ statusCode: 200, data, header: {} })
const show = () => vi.mocked(onShow).mock.calls.forEach(([hook]) => hook())

beforeEach(() => {
  vi.useFakeTimers()
  vi.mocked(onShow).mockClear()
  setActivePinia(createPinia())
  asked = []
  Object.assign(uni, {
    request: (sent: Sent) => {
      asked.push(sent.url)
      answer(sent)
    },
  })
})
afterEach(() => vi.useRealTimers())

describe('the page of a split', () => {
  it('asks no more while there is none, so that what is typed into the form stays', async () => {
    answer = say({ split: null })
    const page = useSplit(() => ({ code: '', session: 'ses_1' }))
    show()
    expect(page.answered.value).toBe(false)
    await vi.advanceTimersByTimeAsync(30_000)
    expect([page.answered.value, page.split.value]).toEqual([true, null])
    expect(asked).toEqual(['/customer/v1/sessions/ses_1/split'])
    // Once it is made it is followed.
    answer = say(SPLIT)
    page.accept(SPLIT)
    await vi.advanceTimersByTimeAsync(3_000)
    expect(asked.slice(1)).toEqual(['/customer/v1/splits/spl_1'])
  })

  it('asks on where it is not known yet whether there is one', async () => {
    answer = (sent) => sent.fail({ errMsg: 'request:fail' })
    const page = useSplit(() => ({ code: '', session: 'ses_1' }))
    show()
    await vi.advanceTimersByTimeAsync(3_500)
    expect([asked.length, page.answered.value, page.error.value === null]).toEqual([2, false, false])
    answer = say({ split: null })
    await vi.advanceTimersByTimeAsync(3_000)
    expect([page.answered.value, page.error.value]).toEqual([true, null])
  })

  it('keeps what was answered to a wish, whatever an older question is answered', async () => {
    answer = say(SPLIT)
    const page = useSplit(() => ({ code: 'abc', session: '' }))
    show()
    await vi.advanceTimersByTimeAsync(0)
    const late: Sent[] = []
    answer = (sent) => void late.push(sent)
    await vi.advanceTimersByTimeAsync(3_000)
    page.accept({ ...SPLIT, state: 'undone' })
    late[0]?.success({ statusCode: 200, data: SPLIT, header: {} })
    await vi.advanceTimersByTimeAsync(0)
    expect(page.split.value?.state).toBe('undone')
  })
})
