import { ApiError } from '@/api/problem'
import { i18n } from '@/locales'

/** What to tell a person about a failure: our own words where we have them, else the server's (already in their language). */
export function errorText(error: unknown): string {
  const { t, te } = i18n.global
  if (!(error instanceof ApiError)) return t('errors.UNEXPECTED')
  const { code, problem } = error
  const minutes = Math.max(1, Math.ceil((problem.retry_after_seconds ?? 60) / 60))
  if (te(`errors.${code}`)) return t(`errors.${code}`, { minutes })
  return problem.detail || problem.title || t('errors.UNEXPECTED')
}

/** For the people who help: the request's id, when there is one. */
export const requestIdOf = (error: unknown): string | undefined =>
  error instanceof ApiError ? error.problem.request_id : undefined
