import { onHide, onShow, onUnload } from '@dcloudio/uni-app'
import { ref, shallowRef } from 'vue'
import * as api from '@/api/customer'
import { tokenLost } from '@/api/problem'
import type { Session } from '@/api/types'
import { SessionWatch } from '@/shared/session-watch'
import { useLiveStore } from '@/stores/live'
import { useOutboxStore } from '@/stores/outbox'

/** The playing page's session, followed while the page is shown. */
export function useSession(id: () => string) {
  const live = useLiveStore()
  const outbox = useOutboxStore()
  const session = shallowRef<Session | null>(null)
  const failures = ref(0)
  const error = shallowRef<unknown>(null)
  let opened = false
  let shown = false

  const watch = new SessionWatch(() => api.session(id()), {
    session: (next) => {
      session.value = next
      error.value = null
      // Looked at: the bar on the other pages has nothing more to tell about one that has ended.
      if (next.state === 'opening' || next.state === 'playing') live.accept(next)
      else live.sawEnd(next.id)
      void sendWish(next)
    },
    failures: (count) => {
      failures.value = count
    },
    refused: (cause) => {
      error.value = cause
      if (tokenLost(cause)) session.value = null
    },
  })

  /** To end it was wished while the server could not be reached, which it can be now. */
  async function sendWish(seen: Session): Promise<void> {
    const closed = await outbox.seen(seen)
    if (closed !== null && shown) watch.accept(closed)
  }

  /** Once the id is known; the bar may know the session already, and saves the first wait. */
  function open(): void {
    opened = true
    if (live.session?.id === id()) session.value = live.session
    if (shown) watch.wake()
  }

  const again = () => {
    error.value = null
    watch.wake()
  }
  const onNetwork = (status: { isConnected: boolean }) => {
    if (status.isConnected && opened) watch.wake()
  }

  onShow(() => {
    shown = true
    if (tokenLost(error.value)) error.value = null
    uni.onNetworkStatusChange(onNetwork)
    if (opened) watch.wake()
  })
  const rest = () => {
    shown = false
    uni.offNetworkStatusChange(onNetwork)
    watch.sleep()
  }
  onHide(rest)
  onUnload(rest)

  return { session, failures, error, open, again, accept: (next: Session) => watch.accept(next) }
}
