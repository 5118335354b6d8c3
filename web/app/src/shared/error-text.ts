import { ApiError } from '@/api/problem'
import { knownKey, t } from '@/locales'
import { minutesText } from './minutes'

/** What to tell a person about a failure: our own words where we have them, else the server's (already in their language). */
export function errorText(error: unknown): string {
  if (!(error instanceof ApiError)) return t('errors.UNEXPECTED')
  const key = knownKey(`errors.${error.code}`)
  const seconds = error.problem.retry_after_seconds ?? 60
  if (key) return t(key, { seconds, wait: minutesText(Math.max(1, Math.ceil(seconds / 60))) })
  return error.problem.detail || error.problem.title || t('errors.UNEXPECTED')
}

/** The refusal's text for one field of a form, if it is about that field. */
export function fieldError(error: unknown, field: string): string {
  if (!(error instanceof ApiError)) return ''
  return error.problem.errors?.find((entry) => entry.field === field)?.message ?? ''
}
