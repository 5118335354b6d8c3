export interface FieldError {
  field: string
  code: string
  message: string
}

/** RFC 9457, with the code that programs decide on. */
export interface Problem {
  status: number
  code: string
  title?: string
  detail?: string
  errors?: FieldError[]
  retry_after_seconds?: number
}

/** Every failed call throws this. The texts are already in the caller's language. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail ?? problem.title ?? problem.code)
    this.name = 'ApiError'
    this.status = problem.status
    this.code = problem.code
    this.problem = problem
  }

  /** No answer came, or one that does not say what happened: the write may have been carried out. */
  get unsure(): boolean {
    return this.status === 0 || this.status >= 500 || [408, 425, 429].includes(this.status)
  }

  /** The token is no longer (or not yet) good for this call. A wrong code is a 401 too, and none of these. */
  get tokenLost(): boolean {
    return this.code === 'SESSION_INVALID' || this.code === 'SIGN_IN_REQUIRED'
  }
}

export const isCode = (error: unknown, code: string): boolean => error instanceof ApiError && error.code === code

/** Whoever was here is signed out, as far as the server is concerned. */
export const tokenLost = (error: unknown): boolean => error instanceof ApiError && error.tokenLost

/** The server could not be reached, or did not answer in time. */
export function networkError(message: string): ApiError {
  return new ApiError({ status: 0, code: /timeout/i.test(message) ? 'TIMEOUT' : 'NETWORK' })
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

/** By its name in lower case: platforms differ in how they write it. */
export function headerOf(headers: unknown, wanted: string): string | undefined {
  if (!isRecord(headers)) return undefined
  const name = Object.keys(headers).find((key) => key.toLowerCase() === wanted)
  return name === undefined ? undefined : String(headers[name])
}

function retryAfter(body: Record<string, unknown>, headers: unknown): number | undefined {
  if (typeof body.retry_after_seconds === 'number') return body.retry_after_seconds
  const seconds = Number(headerOf(headers, 'retry-after'))
  return seconds > 0 ? seconds : undefined
}

function fieldErrors(value: unknown): FieldError[] | undefined {
  if (!Array.isArray(value)) return undefined
  return value.filter(isRecord).map((entry) => ({
    field: String(entry.field ?? ''),
    code: String(entry.code ?? ''),
    message: String(entry.message ?? ''),
  }))
}

/** The problem document of an answer, or one made up for an answer that is not ours (a proxy's error page, say). */
export function problemOf(status: number, body: unknown, headers: unknown): Problem {
  if (!isRecord(body) || typeof body.code !== 'string') return { status, code: 'UNEXPECTED' }
  return {
    status,
    code: body.code,
    title: typeof body.title === 'string' ? body.title : undefined,
    detail: typeof body.detail === 'string' ? body.detail : undefined,
    errors: fieldErrors(body.errors),
    retry_after_seconds: retryAfter(body, headers),
  }
}
