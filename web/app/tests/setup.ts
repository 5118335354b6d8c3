import { vi } from 'vitest'

// Made for the compiler's own Vue. A test that shows or hides a page calls what was handed over.
vi.mock('@dcloudio/uni-app', () => ({ onLoad: vi.fn(), onShow: vi.fn(), onHide: vi.fn(), onUnload: vi.fn() }))

/** A device's storage, and a language to start with; calls to a server are stubbed where they are tested. */
const storage = new Map<string, unknown>()
// Conditional code of every platform runs here: nothing takes it out.
vi.stubGlobal('document', { documentElement: { lang: '' }, createElement: () => ({}) })
vi.stubGlobal('uni', {
  getStorageSync: (name: string) => storage.get(name) ?? '',
  setStorageSync: (name: string, value: unknown) => void storage.set(name, structuredClone(value)),
  removeStorageSync: (name: string) => void storage.delete(name),
  getLocale: () => 'zh-Hans',
  setLocale: () => undefined,
  request: () => {
    throw new Error('no server in this test')
  },
})
