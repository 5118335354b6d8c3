import { useIntervalFn } from '@vueuse/core'
import { isRunning } from './terms'
import type { Batch } from '@/api/types'
import { useEvent } from '@/composables/useEvents'

const POLL_MS = 4_000

/**
 * Keeps batches that are being made up to date: by the server's events, and by asking now and then, because a connection
 * for events may be missing or late.
 */
export function useLiveBatches(
  shown: () => readonly Batch[],
  change: (batch: Batch) => void,
  ask: () => unknown,
): void {
  useEvent('batch', ({ id, made, state }) => {
    const batch = shown().find((one) => one.id === id)
    if (!batch) return
    // An event may be older than what an answer has told already.
    const later = made >= batch.made || state !== 'generating'
    if (later && isRunning(batch.state)) change({ ...batch, made, state })
  })
  useIntervalFn(() => {
    if (document.visibilityState === 'visible' && shown().some(({ state }) => isRunning(state))) void ask()
  }, POLL_MS)
}
