import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { onBackKey } from '@/shared/back-key'

let watchers: Watcher[] = []
/** A browser's, as far as it is asked for here. */
class Watcher extends EventTarget {
  constructor() {
    super()
    watchers.push(this)
  }
  destroy(): void {
    watchers = watchers.filter((other) => other !== this)
  }
}
/** `held`: the browser lets itself be held back this time. */
function back(held: boolean): void {
  const top = watchers[watchers.length - 1]
  if (top === undefined) return
  const cancel = new Event('cancel', { cancelable: true })
  if (held) top.dispatchEvent(cancel)
  if (cancel.defaultPrevented) return
  top.destroy()
  top.dispatchEvent(new Event('close'))
}
let busy: boolean
const leave = vi.fn()
const open = () => onBackKey({ mayLeave: () => !busy, leave })

beforeEach(() => {
  busy = false
  watchers = []
  leave.mockClear()
  vi.stubGlobal('window', { CloseWatcher: Watcher })
})
afterEach(() => vi.stubGlobal('window', undefined))

describe('a phone’s Back', () => {
  it('leaves what lies over the page', () => {
    open()
    back(true)
    expect(leave).toHaveBeenCalledOnce()
  })

  it('does not, while something is under way there, however often it is pressed', () => {
    const end = open()
    busy = true
    for (const held of [true, false, false]) back(held)
    expect(leave).not.toHaveBeenCalled()
    busy = false
    back(true)
    expect(leave).toHaveBeenCalledOnce()
    end()
    expect(watchers).toEqual([])
  })

  it('is the page’s again once that is closed another way', () => {
    const end = open()
    end()
    back(true)
    expect([leave.mock.calls.length, watchers]).toEqual([0, []])
  })

  it('is left to a browser that does not tell of it', () => {
    vi.stubGlobal('window', {})
    open()()
    expect(watchers).toEqual([])
  })
})
