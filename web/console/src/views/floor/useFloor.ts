import { useDebounceFn, useDocumentVisibility, useIntervalFn } from '@vueuse/core'
import { onScopeDispose, ref, shallowRef, watch } from 'vue'
import type { Floor } from '@/api/types'
import { getFloor } from '@/api/venues'
import { useEvent } from '@/composables/useEvents'
import { oneAtATime } from '@/shared/one-at-a-time'

const POLL_MS = 30_000
const BURST_MS = 200
const TICK_MS = 1_000

/**
 * A hall's floor, kept up to date: by the server's events, and now and then, because a connection for events may be missing.
 * One request at a time. `now` is the server's clock, counting on between answers.
 */
export function useFloor(venue: () => string | null) {
  const floor = shallowRef<Floor | null>(null)
  const error = shallowRef<unknown>(null)
  const now = ref(Date.now())
  /** When the server gave the last answer, by its clock. */
  const told = ref(0)
  let ahead = 0
  let pending: AbortController | null = null

  const tick = () => (now.value = Date.now() + ahead)

  async function ask(): Promise<void> {
    const id = venue()
    if (id === null) return
    const mine = (pending = new AbortController())
    try {
      const answer = await getFloor(id, mine.signal)
      if (mine.signal.aborted) return
      told.value = Date.parse(answer.now)
      ahead = told.value - Date.now()
      floor.value = answer
      error.value = null
      tick()
    } catch (cause) {
      if (!mine.signal.aborted) error.value = cause
    }
  }
  const reload = oneAtATime(ask)
  const visibility = useDocumentVisibility()
  const reloadIfSeen = () => void (visibility.value === 'visible' && reload())

  watch(
    venue,
    () => {
      pending?.abort()
      floor.value = null
      error.value = null
      void reload()
    },
    { immediate: true },
  )
  watch(visibility, () => reloadIfSeen())
  useEvent('floor', useDebounceFn(reloadIfSeen, BURST_MS, { maxWait: 5 * BURST_MS }))
  useIntervalFn(reloadIfSeen, POLL_MS)
  useIntervalFn(tick, TICK_MS)
  onScopeDispose(() => pending?.abort())

  return { floor, error, now, told, reload }
}
