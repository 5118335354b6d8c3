import { computed, ref, shallowRef } from 'vue'
import * as api from '@/api/customer'
import type { PayOrder, Session } from '@/api/types'
import { useNow } from '@/composables/useNow'
import { useResource } from '@/composables/useResource'
import { isOver, stageOf } from '@/shared/pay'
import { pendingOrder } from '@/shared/pending-order'
import { useCustomerStore } from '@/stores/customer'
import { useLiveStore } from '@/stores/live'

/** A payment as it stands, asked for again until nothing more comes of it; and the table that it opens. */
export function useOrder(id: () => string, opened: (session: Session) => void) {
  const store = useCustomerStore()
  const live = useLiveStore()
  const { now } = useNow()
  const { data: order, error, loading, load } = useResource(() => api.order(id()))
  const acting = ref(false)
  const failure = shallowRef<unknown>(null)
  let settled = false

  const stage = computed(() => (order.value ? stageOf(order.value, now.value) : null))

  /** Whoever paid for a table wants to see it. */
  async function toTable(paid: PayOrder): Promise<void> {
    const session = await live.refresh()
    if (session && Date.parse(session.asked_at) >= Date.parse(paid.created_at)) opened(session)
  }

  async function look(): Promise<void> {
    if (settled || acting.value) return
    const found = await load()
    if (!found) return
    if (found.state !== 'pending' && pendingOrder.read() === found.id) pendingOrder.clear()
    if (found.state === 'paid' && found.purpose === 'play') await toTable(found)
    if (stage.value && isOver(stage.value)) {
      settled = true
      void store.refreshIfKnown()
    }
  }

  /** What the payer asks for; its answer is the order. */
  async function act(ask: () => Promise<PayOrder>): Promise<PayOrder | null> {
    acting.value = true
    failure.value = null
    try {
      const answer = await ask()
      order.value = answer
      return answer
    } catch (cause) {
      failure.value = cause
      return null
    } finally {
      acting.value = false
      void look()
    }
  }

  return { order, error, loading, stage, now, acting, failure, look, act }
}
