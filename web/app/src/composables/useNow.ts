import { onHide, onShow } from '@dcloudio/uni-app'
import { onMounted, onUnmounted, ref, triggerRef } from 'vue'
import { serverClock } from '@/shared/clock'

/** The server's time, moving on by the second while the page is shown. */
export function useNow() {
  const now = ref(serverClock.now())
  let timer: ReturnType<typeof setInterval> | undefined
  // What asks for the time is a part of a page, and may be gone when that shows again.
  let there = false
  const tick = () => {
    now.value = serverClock.now()
    // In the same millisecond too: whoever calls has changed what is compared with it.
    triggerRef(now)
  }
  const stop = () => clearInterval(timer)
  function start(): void {
    stop()
    if (!there) return
    tick()
    // Twice a second, so that no second is skipped when the timer runs late.
    timer = setInterval(tick, 500)
  }
  onMounted(() => {
    there = true
    start()
  })
  onShow(start)
  onHide(stop)
  onUnmounted(() => {
    there = false
    stop()
  })
  return { now, tick }
}
