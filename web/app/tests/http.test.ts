import { beforeEach, describe, expect, it, vi } from 'vitest'
import { get, installHttpHooks, post, seg, urlOf } from '@/api/http'
import { ApiError } from '@/api/problem'
import { serverClock } from '@/shared/clock'
import { errorText, fieldError } from '@/shared/error-text'

interface Sent {
  url: string
  method: string
  data?: unknown
  header: Record<string, string>
  success(answer: { statusCode: number; data: unknown; header: unknown }): void
  fail(answer: { errMsg: string }): void
}
type Answer = { status: number; body?: unknown; header?: unknown } | { errMsg: string }

let token: string | null
let ended: boolean
let sent: Sent[]
const becomeSomebody = vi.fn(async () => {
  token = 'guest'
})
installHttpHooks({
  language: () => 'en',
  token: () => token,
  becomeSomebody,
  signedOut: () => ended,
  forget: (lost) => {
    if (token === lost) token = null
  },
})

function server(...answers: Answer[]): void {
  uni.request = ((options: Sent) => {
    sent.push(options)
    const answer = answers.shift() ?? { errMsg: 'request:fail' }
    if ('errMsg' in answer) options.fail(answer)
    else options.success({ statusCode: answer.status, data: answer.body ?? '', header: answer.header ?? {} })
  }) as unknown as typeof uni.request
}
async function failure(call: Promise<unknown>): Promise<ApiError> {
  const error: unknown = await call.catch((cause: unknown) => cause)
  if (!(error instanceof ApiError)) throw new Error('expected an ApiError')
  return error
}

beforeEach(() => {
  token = 'mine'
  ended = false
  sent = []
  becomeSomebody.mockClear()
})

describe('the client', () => {
  it('sends language, token, key and body', async () => {
    server({ status: 202, body: { id: 'ses_1' } })
    expect(await post('/tables/tbl_1/open', { minutes: 60 }, { idempotencyKey: 'key-1' })).toEqual({ id: 'ses_1' })
    expect(sent[0]).toMatchObject({ url: '/customer/v1/tables/tbl_1/open', method: 'POST', data: { minutes: 60 } })
    expect(sent[0]?.header).toEqual({
      Accept: 'application/json',
      'Accept-Language': 'en',
      Authorization: 'Bearer mine',
      'Content-Type': 'application/json',
      'Idempotency-Key': 'key-1',
    })
  })

  it('leaves empty values out of the address, and escapes the rest', () => {
    expect(urlOf('/wallet', { cursor: null, limit: 20, x: 'a&b' })).toBe('/customer/v1/wallet?limit=20&x=a%26b')
    expect(urlOf('/codes/' + seg('../x?'))).toBe('/customer/v1/codes/..%2Fx%3F')
  })

  it('becomes a guest first where a token is needed, and only there', async () => {
    token = null
    server({ status: 200, body: { items: [] } })
    await get('/venues', { auth: 'optional' })
    expect(becomeSomebody).not.toHaveBeenCalled()
    expect(sent[0]?.header.Authorization).toBeUndefined()
    server({ status: 200, body: {} })
    await get('/me')
    expect(becomeSomebody).toHaveBeenCalledOnce()
    expect(sent[1]?.header.Authorization).toBe('Bearer guest')
  })

  it('becomes a guest again and asks once more when the token is no longer known', async () => {
    server({ status: 401, body: { code: 'SESSION_INVALID' } }, { status: 200, body: { number: '1' } })
    expect(await get('/me')).toEqual({ number: '1' })
    expect(sent.map(({ header }) => header.Authorization)).toEqual(['Bearer mine', 'Bearer guest'])
  })

  it('makes nobody a guest who was signed in a moment ago, and asks nothing in a guest’s name', async () => {
    ended = true
    server({ status: 401, body: { code: 'SESSION_INVALID' } })
    expect((await failure(get('/sessions/ses_1'))).tokenLost).toBe(true)
    expect((await failure(get('/sessions/ses_1'))).tokenLost).toBe(true)
    expect((await failure(post('/split-codes/abc/join'))).tokenLost).toBe(true)
    expect([sent.length, becomeSomebody.mock.calls.length]).toEqual([1, 0])
  })

  it('looks on as nobody where everybody may look', async () => {
    server({ status: 401, body: { code: 'SESSION_INVALID' } }, { status: 200, body: { items: [] } })
    expect(await get('/venues', { auth: 'optional' })).toEqual({ items: [] })
    expect(sent.map(({ header }) => header.Authorization)).toEqual(['Bearer mine', undefined])
    expect(becomeSomebody).not.toHaveBeenCalled()
  })

  it('repeats no write under another name', async () => {
    server({ status: 401, body: { code: 'SESSION_INVALID' } })
    expect((await failure(post('/tables/tbl_1/open'))).code).toBe('SESSION_INVALID')
    expect([sent.length, token]).toEqual([1, null])
  })

  it('learns the server’s time from any answer, a refusal too, and from none where it is not told', async () => {
    const before = serverClock.now(0)
    server({ status: 200, body: {} })
    await get('/me')
    expect(serverClock.now(0)).toBe(before)
    const ahead = Date.now() + 15 * 60_000
    server({ status: 404, body: { code: 'NOT_FOUND' }, header: { date: new Date(ahead).toUTCString() } })
    await failure(get('/venues/x'))
    expect(Math.abs(serverClock.now() - ahead)).toBeLessThan(2_000)
    server({ status: 200, body: {}, header: { Date: new Date().toUTCString() } })
    await post('/tables/tbl_1/open')
    expect(Math.abs(serverClock.now() - Date.now())).toBeLessThan(2_000)
  })

  it('keeps the token when a code was wrong', async () => {
    server({ status: 401, body: { code: 'CODE_WRONG', detail: '2 tries left' } })
    const error = await failure(post('/sign-in', { phone: '1', code: '2' }, { auth: 'optional' }))
    expect([error.code, token]).toEqual(['CODE_WRONG', 'mine'])
    expect(errorText(error)).toBe('2 tries left')
  })
})

describe('an error', () => {
  it('carries the problem, with the wait from the header where the body lacks it', async () => {
    server({ status: 429, body: { code: 'RATE_LIMITED' }, header: { 'retry-after': '7' } })
    const error = await failure(get('/me'))
    expect(error).toMatchObject({ status: 429, code: 'RATE_LIMITED', unsure: true })
    expect(error.problem.retry_after_seconds).toBe(7)
    expect(errorText(error)).toBe('操作太频繁，请 7 秒后再试。')
  })

  it('has the messages of fields', async () => {
    const errors = [{ field: 'phone', code: 'INVALID', message: 'Not a phone number' }]
    server({ status: 422, body: { code: 'VALIDATION_FAILED', title: 'Invalid', errors } })
    const error = await failure(post('/phone-codes', { phone: 'x' }))
    expect(fieldError(error, 'phone')).toBe('Not a phone number')
    expect(fieldError(error, 'code')).toBe('')
  })

  it('is made up for an answer that is not ours, and for none', async () => {
    server(
      { status: 502, body: '<html>Bad gateway</html>' },
      { errMsg: 'request:fail' },
      { errMsg: 'request:fail timeout' },
    )
    expect(await failure(get('/me'))).toMatchObject({ status: 502, code: 'UNEXPECTED', unsure: true })
    expect(await failure(get('/me'))).toMatchObject({ status: 0, code: 'NETWORK', unsure: true })
    expect(await failure(get('/me'))).toMatchObject({ status: 0, code: 'TIMEOUT', unsure: true })
  })

  it('says something in every case', () => {
    expect(errorText(new ApiError({ status: 409, code: 'TABLE_BUSY', detail: 'Taken.' }))).toBe('Taken.')
    expect(errorText(new ApiError({ status: 409, code: 'SOMETHING_NEW' }))).toBe('出了点意外，请稍后再试。')
    expect(errorText(new TypeError('bug'))).toBe('出了点意外，请稍后再试。')
  })
})
