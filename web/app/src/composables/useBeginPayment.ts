import { computed, shallowRef } from 'vue'
import * as api from '@/api/pay'
import { ApiError } from '@/api/problem'
import type { PayOrder } from '@/api/types'
import { addressHere, goOrder } from '@/shared/go'
import { payTableIntent, pendingKeys, rechargeIntent } from '@/shared/idempotency'
import type { Mean } from '@/shared/pay-means'
import { usePayStore } from '@/stores/pay'
import { useWechatStore } from '@/stores/wechat'

const intentOf = (what: api.PayFor, { method }: Mean): string =>
  'recharge' in what
    ? rechargeIntent(what.recharge.amount_fen, method)
    : payTableIntent(what.table.table_id, what.table, what.table.expected_fen, method)

export const placeOrder = (what: api.PayFor, mean: Mean): Promise<PayOrder> =>
  pendingKeys.run(intentOf(what, mean), (key) => api.createOrder(what, mean.method, key))

/** Makes an order and goes on to where it is paid. The order's page lies underneath, for whoever comes back by the browser. */
export function useBeginPayment() {
  const pay = usePayStore()
  const wechat = useWechatStore()
  const busy = computed(() => pay.beginning)
  const error = shallowRef<unknown>(null)

  async function begin(what: api.PayFor, mean: Mean): Promise<PayOrder | null> {
    if (pay.beginning) return null
    pay.beginning = true
    error.value = null
    const back = addressHere()
    try {
      const order = await wechat.paying(back, { pay: what, mean }, () => placeOrder(what, mean))
      pay.begin(order, back, what)
      await goOrder(order.id)
      void pay.goOn(order)
      return order
    } catch (cause) {
      if (!(cause instanceof ApiError)) throw cause
      error.value = cause
      return null
    } finally {
      pay.beginning = false
    }
  }

  return { busy, error, begin }
}
