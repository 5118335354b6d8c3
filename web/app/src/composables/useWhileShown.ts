import { onHide, onShow, onUnload } from '@dcloudio/uni-app'

/**
 * Asks when the page shows, and again at intervals while it is looked at. Stops when it is not. `ask` answers when it
 * has been answered: meanwhile no interval asks once more, as questions would pile up where answers are slow.
 */
export function useWhileShown(ask: () => unknown, everyMs: number): void {
  let timer: ReturnType<typeof setInterval> | undefined
  let underWay = 0
  async function run(): Promise<void> {
    underWay += 1
    try {
      await ask()
    } finally {
      underWay -= 1
    }
  }
  const stop = () => clearInterval(timer)
  onShow(() => {
    stop()
    void run()
    timer = setInterval(() => {
      if (underWay === 0) void run()
    }, everyMs)
  })
  onHide(stop)
  onUnload(stop)
}
