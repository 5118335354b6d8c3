import { onMounted, onUnmounted, ref, triggerRef } from 'vue'
import { serverClock } from '@/shared/clock'

/** The server's time, moving on by the second. */
export function useNow() {
  const now = ref(serverClock.now())
  let timer: ReturnType<typeof setInterval> | undefined
  const tick = () => {
    now.value = serverClock.now()
    // In the same millisecond too: whoever calls has changed what is compared with it.
    triggerRef(now)
  }
  onMounted(() => {
    tick()
    // Twice a second, so that no second is skipped when the timer runs late.
    timer = setInterval(tick, 500)
  })
  onUnmounted(() => clearInterval(timer))
  return { now, tick }
}
