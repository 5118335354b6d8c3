import { serverClock } from '@/shared/clock'
import { serverAddress } from '@/shared/server-address'
import { ApiError, headerOf, networkError, problemOf, tokenLost } from './problem'

export type QueryValue = string | number | boolean | null | undefined
export type Query = Record<string, QueryValue>

/**
 * `needed`: without a token the caller becomes somebody first. `optional`: sent where there is one. `none`: never sent.
 */
export type Auth = 'needed' | 'optional' | 'none'

export interface RequestOptions {
  query?: Query
  body?: Record<string, unknown>
  auth?: Auth
  /** Made once per intended action and repeated on retry: see shared/idempotency.ts. */
  idempotencyKey?: string
}

/** Who asks, in which language, and what happens when the server no longer knows the token. */
export interface HttpHooks {
  language(): string
  token(): string | null
  /** For whoever is nobody yet: by WeChat where that asks nothing, else as a guest. */
  becomeSomebody(): Promise<void>
  /** Somebody was signed in a moment ago, and has not signed in again. */
  signedOut(): boolean
  /** Forgets this token, unless another has taken its place meanwhile. */
  forget(token: string | null): void
}

type Method = 'GET' | 'POST'

const BASE = '/customer/v1'
const TIMEOUT_MS = 15_000
let hooks: HttpHooks | null = null

export function installHttpHooks(next: HttpHooks): void {
  hooks = next
}

// No URLSearchParams: a mini-program has none.
export function urlOf(path: string, query: Query = {}): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined && value !== null && value !== '')
  const text = pairs.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join('&')
  return serverAddress() + BASE + path + (text ? `?${text}` : '')
}

/** One path segment from data. */
export const seg = (id: string): string => encodeURIComponent(id)

function headersOf(options: RequestOptions, token: string | null): Record<string, string> {
  const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': hooks?.language() ?? 'zh' }
  if (options.body !== undefined) headers['Content-Type'] = 'application/json'
  if (token !== null && options.auth !== 'none') headers.Authorization = `Bearer ${token}`
  if (options.idempotencyKey) headers['Idempotency-Key'] = options.idempotencyKey
  return headers
}

/** The one place where an answer becomes a type: `T` is what the API document promises for this path. */
function send<T>(method: Method, path: string, options: RequestOptions, token: string | null): Promise<T> {
  return new Promise((resolve, reject) => {
    const sent = Date.now()
    uni.request({
      url: urlOf(path, options.query),
      method,
      data: options.body,
      header: headersOf(options, token),
      timeout: TIMEOUT_MS,
      success: ({ statusCode, data, header }) => {
        const date = headerOf(header, 'date')
        if (date !== undefined) serverClock.hear(date, sent, Date.now())
        if (statusCode >= 200 && statusCode < 300) resolve(data as T)
        else reject(statusCode === 0 ? networkError('') : new ApiError(problemOf(statusCode, data, header)))
      },
      fail: ({ errMsg }) => reject(networkError(errMsg)),
    })
  })
}

/** Whoever was signed in must not go on as a new guest without noticing, for whom nothing of theirs is there. */
async function someToken(asker: HttpHooks): Promise<void> {
  if (asker.signedOut()) throw new ApiError({ status: 401, code: 'SESSION_INVALID' })
  await asker.becomeSomebody()
}

export async function request<T>(method: Method, path: string, options: RequestOptions = {}): Promise<T> {
  const auth = options.auth ?? 'needed'
  if (auth === 'needed' && hooks?.token() === null) await someToken(hooks)
  const token = hooks?.token() ?? null
  try {
    return await send<T>(method, path, options, token)
  } catch (error) {
    if (hooks === null || auth === 'none' || !tokenLost(error)) throw error
    hooks.forget(token)
    // Nor is anything done as another than who wished it.
    if (method !== 'GET') throw error
    if (auth === 'needed' && hooks.token() === null) await someToken(hooks)
    return send<T>(method, path, options, hooks.token())
  }
}

export const get = <T>(path: string, options: RequestOptions = {}): Promise<T> => request<T>('GET', path, options)
export const post = <T>(path: string, body: Record<string, unknown> = {}, options: RequestOptions = {}): Promise<T> =>
  request<T>('POST', path, { ...options, body })

/** What every list takes. */
export interface Paging extends Query {
  cursor?: string | null
  limit?: number
}
