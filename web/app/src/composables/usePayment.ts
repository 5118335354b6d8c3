import { ref, shallowRef } from 'vue'
import * as api from '@/api/customer'
import { ApiError } from '@/api/problem'
import type { Channel, PayFor, PayOrder } from '@/api/types'
import { goOrder } from '@/shared/go'
import { payTableIntent, pendingKeys, rechargeIntent } from '@/shared/idempotency'
import { methodOf } from '@/shared/pay'
import { pendingOrder } from '@/shared/pending-order'

/** To the network's page. False where that cannot be. */
export function leaveToPay(order: PayOrder): boolean {
  let gone = false
  // #ifdef H5
  if (order.next?.kind === 'redirect') {
    window.location.href = order.next.url
    gone = true
  }
  // #endif
  return gone
}

/** By which networks one can pay, and the way from the button to the network's page. */
export function usePayment() {
  const channels = shallowRef<Channel[]>([])
  const busy = ref(false)
  const unsure = ref(false)

  async function loadMeans(): Promise<void> {
    // A mini-program pays inside WeChat alone, with the account that one has signed in with.
    // #ifdef H5
    try {
      channels.value = (await api.paymentMeans()).channels
    } catch (error) {
      // There is the desk.
      if (!(error instanceof ApiError)) throw error
    }
    // #endif
  }

  /** Throws what refuses. */
  async function pay(what: PayFor, channel: Channel): Promise<void> {
    const method = methodOf(channel)
    const intent =
      'recharge' in what
        ? rechargeIntent(method, what.recharge.amount_fen)
        : payTableIntent(method, what.table.table_id, what.table.minutes, what.table.expected_fen)
    busy.value = true
    unsure.value = false
    try {
      const order = await pendingKeys.run(intent, (key) => api.createOrder(what, method, key))
      pendingOrder.write(order.id)
      if (!leaveToPay(order)) await goOrder(order.id)
    } catch (error) {
      unsure.value = error instanceof ApiError && error.unsure
      throw error
    } finally {
      busy.value = false
    }
  }

  return { channels, busy, unsure, loadMeans, pay }
}
