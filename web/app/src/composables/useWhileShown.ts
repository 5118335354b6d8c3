import { onHide, onShow, onUnload } from '@dcloudio/uni-app'

/** Asks when the page shows, and again at intervals while it is looked at. Stops when it is not. */
export function useWhileShown(ask: () => unknown, everyMs: number): void {
  let timer: ReturnType<typeof setInterval> | undefined
  const stop = () => clearInterval(timer)
  onShow(() => {
    stop()
    ask()
    timer = setInterval(ask, everyMs)
  })
  onHide(stop)
  onUnload(stop)
}
