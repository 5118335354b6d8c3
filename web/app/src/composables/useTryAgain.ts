import { onHide, onShow, onUnload } from '@dcloudio/uni-app'
import { ref } from 'vue'
import { backoffMs } from '@/shared/polling'

/**
 * What the server did not answer to is tried again while its page is shown: at growing intervals, and at once where the network or the
 * page is back. `again` is for what may be sent twice, and says by `missed` or `rest` how it went.
 */
export function useTryAgain(again: () => void) {
  const waiting = ref(false)
  let failures = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let shown = false

  function missed(): void {
    waiting.value = true
    failures += 1
    clearTimeout(timer)
    if (shown) timer = setTimeout(again, backoffMs(failures))
  }
  /** It has arrived, or is not wished any more. */
  function rest(): void {
    waiting.value = false
    failures = 0
    clearTimeout(timer)
  }
  function atOnce(): void {
    clearTimeout(timer)
    if (waiting.value) again()
  }
  const onNetwork = ({ isConnected }: { isConnected: boolean }) => {
    if (isConnected) atOnce()
  }

  onShow(() => {
    shown = true
    uni.onNetworkStatusChange(onNetwork)
    atOnce()
  })
  const sleep = () => {
    shown = false
    uni.offNetworkStatusChange(onNetwork)
    clearTimeout(timer)
  }
  onHide(sleep)
  onUnload(sleep)

  return { waiting, missed, rest }
}
