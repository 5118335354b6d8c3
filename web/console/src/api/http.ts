import { ApiError, networkProblem, problemOf } from './problem'

export type QueryValue = string | number | boolean | null | undefined
export type Query = Record<string, QueryValue>

export interface RequestOptions {
  query?: Query
  body?: unknown
  /** For writes marked [idem]: made once per opened form, and repeated on retry. */
  idempotencyKey?: string
  signal?: AbortSignal
  /** A refusal is the answer to this question, and no reason to go to the sign-in page. */
  anonymous?: boolean
}

/** What the shell does about refusals that concern the session rather than the call. */
export interface SessionHooks {
  language(): string
  signedOut(): void
  passwordChangeRequired(): void
  secondFactorSetupRequired(): void
}

const BASE = '/api/v1'
const TIMEOUT_MS = 30_000
let hooks: SessionHooks | null = null

export function installSessionHooks(next: SessionHooks): void {
  hooks = next
}

export function urlOf(path: string, query: Query = {}): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '') params.set(name, String(value))
  }
  const text = params.toString()
  return BASE + path + (text ? `?${text}` : '')
}

/** One path segment from data. */
export const seg = (id: string): string => encodeURIComponent(id)

function headersOf(method: string, options: RequestOptions): Headers {
  const headers = new Headers({ Accept: 'application/json', 'Accept-Language': hooks?.language() ?? 'zh-CN' })
  if (method !== 'GET') headers.set('X-Cuekey-Console', '1')
  if (options.body !== undefined) headers.set('Content-Type', 'application/json')
  if (options.idempotencyKey) headers.set('Idempotency-Key', options.idempotencyKey)
  return headers
}

function tellShell(error: ApiError, options: RequestOptions): void {
  if (options.anonymous) return
  if (error.status === 401) hooks?.signedOut()
  else if (error.code === 'PASSWORD_CHANGE_REQUIRED') hooks?.passwordChangeRequired()
  else if (error.code === 'SECOND_FACTOR_SETUP_REQUIRED') hooks?.secondFactorSetupRequired()
}

async function send(method: string, path: string, options: RequestOptions): Promise<Response> {
  const own = new AbortController()
  let timedOut = false
  const timer = setTimeout(() => {
    timedOut = true
    own.abort()
  }, TIMEOUT_MS)
  const abort = () => own.abort()
  if (options.signal?.aborted) own.abort()
  options.signal?.addEventListener('abort', abort)
  try {
    return await fetch(urlOf(path, options.query), {
      method,
      headers: headersOf(method, options),
      body: options.body === undefined ? undefined : JSON.stringify(options.body),
      credentials: 'same-origin',
      signal: own.signal,
    })
  } catch (cause) {
    if (options.signal?.aborted) throw cause
    throw new ApiError(networkProblem(timedOut))
  } finally {
    clearTimeout(timer)
    options.signal?.removeEventListener('abort', abort)
  }
}

/** The one place where an answer's text becomes a type: `T` is what the API document promises for this path. */
export async function request<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
  const response = await send(method, path, options)
  if (!response.ok) {
    const error = new ApiError(await problemOf(response))
    tellShell(error, options)
    throw error
  }
  const text = await response.text()
  return (text ? JSON.parse(text) : undefined) as T
}

export const get = <T>(path: string, query?: Query, signal?: AbortSignal): Promise<T> =>
  request<T>('GET', path, { query, signal })
export const post = <T>(path: string, body?: unknown, options: RequestOptions = {}): Promise<T> =>
  request<T>('POST', path, { ...options, body })
export const patch = <T>(path: string, body: unknown): Promise<T> => request<T>('PATCH', path, { body })
export const put = <T>(path: string, body: unknown): Promise<T> => request<T>('PUT', path, { body })
export const del = <T>(path: string, query?: Query): Promise<T> => request<T>('DELETE', path, { query })

/** What every list takes. */
export interface Paging extends Query {
  cursor?: string | null
  limit?: number
}
