import { onHide, onShow } from '@dcloudio/uni-app'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { useTryAgain } from '@/composables/useTryAgain'

let heard: ((status: { isConnected: boolean }) => void)[]
const show = () => vi.mocked(onShow).mock.calls.forEach(([hook]) => hook())
const hide = () => vi.mocked(onHide).mock.calls.forEach(([hook]) => hook())

beforeEach(() => {
  vi.useFakeTimers()
  vi.mocked(onShow).mockClear()
  vi.mocked(onHide).mockClear()
  heard = []
  Object.assign(uni, {
    onNetworkStatusChange: (listener: (typeof heard)[number]) => void heard.push(listener),
    offNetworkStatusChange: (listener: (typeof heard)[number]) =>
      void (heard = heard.filter((other) => other !== listener)),
  })
})
afterEach(() => vi.useRealTimers())

describe('v8_1 what the server did not answer to', () => {
  it('is tried at growing intervals while its page is shown, until it has arrived', async () => {
    const again = vi.fn((): void => missed())
    const { waiting, missed, rest } = useTryAgain(again)
    show()
    missed()
    await vi.advanceTimersByTimeAsync(3_000)
    expect([again.mock.calls.length, waiting.value]).toEqual([2, true])
    hide()
    await vi.advanceTimersByTimeAsync(60_000)
    expect(again).toHaveBeenCalledTimes(2)
    show()
    expect(again).toHaveBeenCalledTimes(3)
    rest()
    await vi.advanceTimersByTimeAsync(60_000)
    expect([again.mock.calls.length, waiting.value]).toEqual([3, false])
  })

  it('is tried at once where the network is back, if anything waits', () => {
    const again = vi.fn()
    const { missed } = useTryAgain(again)
    show()
    const back = () => heard.forEach((listener) => listener({ isConnected: true }))
    back()
    expect(again).not.toHaveBeenCalled()
    missed()
    heard.forEach((listener) => listener({ isConnected: false }))
    expect(again).not.toHaveBeenCalled()
    back()
    expect(again).toHaveBeenCalledOnce()
    hide()
    expect(heard).toEqual([])
  })
})
