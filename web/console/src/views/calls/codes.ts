import type { ClientCall } from '@/api/types'

/**
 * The verdicts of a verification, then what a request itself is refused for: in the order in which they are decided. A call with an
 * unknown API key is nobody's, and in no log.
 */
export const VERDICTS = ['VALID', 'NOT_FOUND', 'PROJECT_DISABLED', 'DISABLED', 'EXPIRED', 'DEVICE_MISMATCH'] as const
export const REFUSALS = [
  'BODY_TOO_LARGE',
  'BODY_UNREADABLE',
  'TEMPORARILY_BANNED',
  'TIMESTAMP_SKEWED',
  'SIGNATURE_INVALID',
  'NONCE_INVALID',
  'NONCE_REUSED',
  'RATE_LIMITED',
  'INVALID',
  'JSON_INVALID',
  'NO_SUCH_ROUTE',
  'METHOD_NOT_ALLOWED',
] as const
export const CODES: readonly string[] = [...VERDICTS, ...REFUSALS]

/** A verdict is data (HTTP 200), so the status alone does not tell. */
export const isRefused = (call: Pick<ClientCall, 'endpoint' | 'status' | 'code'>): boolean =>
  call.status >= 400 || (call.endpoint === 'verify' && call.code !== 'VALID')
