import type { Problem } from './types'

/** Every failed call throws this. `code` is what programs decide on; the texts are already in the caller's language. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly problem: Problem

  constructor(problem: Problem) {
    super(problem.detail ?? problem.title)
    this.name = 'ApiError'
    this.status = problem.status
    this.code = problem.code
    this.problem = problem
  }

  /** No answer came, or one that does not say what happened: the write may have been carried out. */
  get unsure(): boolean {
    return this.status === 0 || this.status >= 500 || [408, 425, 429].includes(this.status)
  }
}

/** The server could not be reached, or did not answer in time. */
export const networkProblem = (timedOut: boolean): Problem => ({
  type: 'about:blank',
  title: timedOut ? 'timeout' : 'network',
  status: 0,
  code: timedOut ? 'TIMEOUT' : 'NETWORK',
})

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && typeof value.code === 'string'
}

/** The problem document of an answer, or one made up for an answer that is not ours (a proxy's error page, say). */
export async function problemOf(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => null)
  if (isProblem(body)) {
    const retryAfter = Number(response.headers.get('Retry-After'))
    const seconds = body.retry_after_seconds ?? (retryAfter > 0 ? retryAfter : undefined)
    return { ...body, status: response.status, retry_after_seconds: seconds }
  }
  return { type: 'about:blank', title: response.statusText, status: response.status, code: 'UNEXPECTED' }
}
