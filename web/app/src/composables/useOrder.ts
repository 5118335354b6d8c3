import { onHide, onShow, onUnload } from '@dcloudio/uni-app'
import { computed, ref, shallowRef } from 'vue'
import * as api from '@/api/pay'
import { ApiError, isCode, tokenLost } from '@/api/problem'
import type { PayOrder } from '@/api/types'
import { serverClock } from '@/shared/clock'
import { addressHere } from '@/shared/go'
import { nextAskMs, sceneOf, sessionOf } from '@/shared/order-state'
import type { Mean } from '@/shared/pay-means'
import { useCustomerStore } from '@/stores/customer'
import { useLiveStore } from '@/stores/live'
import { usePayStore } from '@/stores/pay'
import { useWechatStore } from '@/stores/wechat'

/** One payment, asked for while its page is shown until nothing more will happen to it. */
export function useOrder(id: () => string) {
  const [pay, live, store, wechat] = [usePayStore(), useLiveStore(), useCustomerStore(), useWechatStore()]
  const order = shallowRef<PayOrder | null>(null)
  /** The server's answer is no: not there, or not this customer's. */
  const refused = shallowRef<unknown>(null)
  const failures = ref(0)
  const acting = ref<'method' | 'cancel' | null>(null)
  const problem = shallowRef<unknown>(null)
  const now = ref(serverClock.now())
  let timer: ReturnType<typeof setTimeout> | undefined
  let shown = false
  let round = 0

  const scene = computed(() => (order.value === null ? null : sceneOf(order.value, live.session, now.value)))
  const session = computed(() => (order.value === null ? null : sessionOf(order.value, live.session)))

  function take(next: PayOrder): void {
    const before = order.value?.state
    order.value = next
    now.value = serverClock.now()
    pay.accept(next)
    if (next.state === 'paid' && before !== 'paid') void store.refreshIfKnown()
  }

  async function ask(): Promise<void> {
    clearTimeout(timer)
    if (!id()) return
    round += 1
    const mine = round
    try {
      const answer = await api.order(id())
      // A table's session is looked for before the answer is shown, so that nothing flickers between the two.
      if (answer.state === 'paid' && answer.purpose === 'play') await live.refresh()
      if (mine !== round) return
      failures.value = 0
      refused.value = null
      take(answer)
    } catch (error) {
      if (mine !== round) return
      if (!(error instanceof ApiError) || !error.unsure) {
        refused.value = error
        if (tokenLost(error)) order.value = null
        return
      }
      failures.value += 1
    }
    schedule()
  }

  function schedule(): void {
    clearTimeout(timer)
    const wait = shown ? nextAskMs(scene.value, failures.value) : null
    if (wait !== null) timer = setTimeout(() => void ask(), wait)
  }

  /** What the payer wishes; whatever is under way is older than its answer. */
  async function act(kind: 'method' | 'cancel', call: () => Promise<PayOrder>): Promise<PayOrder | null> {
    if (acting.value !== null) return null
    clearTimeout(timer)
    acting.value = kind
    problem.value = null
    round += 1
    try {
      const answer = await call()
      take(answer)
      return answer
    } catch (cause) {
      if (!(cause instanceof ApiError)) throw cause
      // It was paid, or closed, meanwhile: that is what will be shown, and explains itself.
      if (!isCode(cause, 'ORDER_NOT_PENDING') && !tokenLost(cause)) problem.value = cause
      return null
    } finally {
      acting.value = null
      void ask()
    }
  }
  const payOtherwise = (mean: Mean) =>
    act('method', () => wechat.paying(addressHere(), { order: id(), mean }, () => api.payOtherwise(id(), mean.method)))
  const cancel = () => act('cancel', () => api.cancelOrder(id()))

  function open(): void {
    if (pay.order?.id === id()) order.value = pay.order
    if (shown) void ask()
  }
  onShow(() => {
    shown = true
    if (tokenLost(refused.value)) refused.value = null
    void ask()
  })
  const rest = () => {
    shown = false
    round += 1
    clearTimeout(timer)
  }
  onHide(rest)
  onUnload(rest)

  return { order, scene, session, refused, failures, acting, problem, open, ask, payOtherwise, cancel }
}
