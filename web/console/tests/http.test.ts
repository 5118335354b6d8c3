import { afterEach, describe, expect, it, vi } from 'vitest'
import { get, installSessionHooks, post, seg, urlOf } from '@/api/http'
import { ApiError } from '@/api/problem'

const hooks = {
  language: () => 'en',
  signedOut: vi.fn(),
  passwordChangeRequired: vi.fn(),
  secondFactorSetupRequired: vi.fn(),
}
installSessionHooks(hooks)

function answer(status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  const fake = vi.fn<(url: string, init: RequestInit) => Promise<Response>>(
    async () => new Response(status === 204 ? null : text, { status, headers }),
  )
  vi.stubGlobal('fetch', fake)
  return fake
}
const failure = async (call: Promise<unknown>): Promise<ApiError> => {
  const error: unknown = await call.catch((cause: unknown) => cause)
  if (!(error instanceof ApiError)) throw new Error('expected an ApiError')
  return error
}

afterEach(() => {
  vi.unstubAllGlobals()
  vi.clearAllMocks()
})

describe('the client', () => {
  it('sends language, origin mark, key and body', async () => {
    const fake = answer(201, { id: 'usr_1' })
    expect(await post('/users', { name: 'a' }, { idempotencyKey: 'key-12345678' })).toEqual({ id: 'usr_1' })
    const [url, init] = fake.mock.calls[0] ?? []
    const headers = new Headers(init?.headers)
    expect(url).toBe('/api/v1/users')
    expect(init?.body).toBe('{"name":"a"}')
    expect(headers.get('Accept-Language')).toBe('en')
    expect(headers.get('X-Cuekey-Console')).toBe('1')
    expect(headers.get('Idempotency-Key')).toBe('key-12345678')
    expect(headers.get('Content-Type')).toBe('application/json')
  })

  it('leaves empty filters out, and escapes the rest', () => {
    expect(urlOf('/users', { search: 'a&b', role: '', cursor: null, limit: 20, unread: false })).toBe(
      '/api/v1/users?search=a%26b&limit=20&unread=false',
    )
    expect(seg('../x')).toBe('..%2Fx')
  })

  it('takes an empty answer', async () => {
    answer(204, '')
    expect(await post('/notifications/read-all')).toBeUndefined()
  })

  it('throws the problem, with the time to wait from the header where the body lacks it', async () => {
    answer(429, { type: 'x', title: 'Slow', status: 429, code: 'RATE_LIMITED' }, { 'Retry-After': '7' })
    const error = await failure(get('/users'))
    expect(error.code).toBe('RATE_LIMITED')
    expect(error.problem.retry_after_seconds).toBe(7)
  })

  it('makes a problem of what is none', async () => {
    answer(502, '<html>Bad gateway</html>')
    const error = await failure(get('/users'))
    expect(error).toMatchObject({ status: 502, code: 'UNEXPECTED', unsure: true })
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('offline')))
    expect(await failure(get('/users'))).toMatchObject({ status: 0, code: 'NETWORK', unsure: true })
  })

  it('tells the shell about refusals that concern the session, unless the refusal is the answer', async () => {
    answer(401, { code: 'UNAUTHENTICATED', title: '', type: '', status: 401 })
    await failure(get('/users'))
    expect(hooks.signedOut).toHaveBeenCalledOnce()
    await failure(post('/session', {}, { anonymous: true }))
    expect(hooks.signedOut).toHaveBeenCalledOnce()
    answer(403, { code: 'PASSWORD_CHANGE_REQUIRED', title: '', type: '', status: 403 })
    await failure(get('/users'))
    expect(hooks.passwordChangeRequired).toHaveBeenCalledOnce()
  })
})
