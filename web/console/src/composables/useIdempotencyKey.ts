import { ref } from 'vue'
import { ApiError } from '@/api/problem'
import { randomKey } from '@/shared/random'

/**
 * One key per opened form. It is repeated while nobody knows whether the write happened (no answer, 5xx), so that a retry is
 * harmless, and renewed once the server has clearly refused, since the corrected form is another request.
 */
export function useIdempotencyKey() {
  const key = ref(randomKey())
  function renew(): void {
    key.value = randomKey()
  }
  function settle(error: unknown): void {
    const unclear = !(error instanceof ApiError) || error.unsure || error.code.startsWith('IDEMPOTENCY_')
    if (!unclear) renew()
  }
  return { key, renew, settle }
}
