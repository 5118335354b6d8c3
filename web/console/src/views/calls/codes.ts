import type { ClientCall } from '@/api/types'

/** The verdicts of a verification, then what a request itself is refused for: in the order in which they are decided. */
export const VERDICTS = ['VALID', 'NOT_FOUND', 'PROJECT_DISABLED', 'DISABLED', 'EXPIRED', 'DEVICE_MISMATCH'] as const
export const REFUSALS = [
  'API_KEY_UNKNOWN',
  'TEMPORARILY_BANNED',
  'TIMESTAMP_SKEWED',
  'SIGNATURE_INVALID',
  'NONCE_REUSED',
  'RATE_LIMITED',
] as const
export const CODES: readonly string[] = [...VERDICTS, ...REFUSALS]

/** A verdict is data (HTTP 200), so the status alone does not tell. */
export const isRefused = (call: Pick<ClientCall, 'endpoint' | 'status' | 'code'>): boolean =>
  call.status >= 400 || (call.endpoint === 'verify' && call.code !== 'VALID')
