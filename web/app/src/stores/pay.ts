import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import * as api from '@/api/pay'
import { ApiError } from '@/api/problem'
import type { PayOrder } from '@/api/types'
import { meansAt, placeHere, type Mean } from '@/shared/pay-means'
import { stored } from '@/shared/storage'
import { useCustomerStore } from './customer'

interface Begun {
  id: string
  /** Somebody else on the same phone is not shown it. */
  customer: string
  /** The app's page that it was begun on. */
  back: string
}
const kept = stored<Begun>('cuekey.begun-payment')

/** By what one can pay here, and the payment that was begun last and whose end has not been seen. */
export const usePayStore = defineStore('pay', () => {
  const store = useCustomerStore()
  const place = placeHere()
  const means = shallowRef<Mean[]>([])
  /** Networks are taken, but not where the app is open now. */
  const elsewhere = ref(false)
  const begun = shallowRef<Begun | null>(kept.read())
  /** What is known of it. */
  const order = shallowRef<PayOrder | null>(null)

  async function learnMeans(): Promise<void> {
    try {
      const { channels } = await api.paymentMeans()
      means.value = meansAt(place, channels)
      elsewhere.value = place === 'wechat' && channels.length > 0
    } catch (error) {
      // Paying at the desk is left; what was known stays.
      if (!(error instanceof ApiError)) throw error
    }
  }

  function begin(next: PayOrder, back: string): void {
    begun.value = { id: next.id, customer: store.customer?.id ?? '', back }
    kept.write(begun.value)
    order.value = next
  }

  /** Looked at, and over: there is nothing more to lead to. The page that it was begun on is told once more. */
  function sawEnd(id: string): void {
    if (begun.value?.id === id) forget()
  }
  function forget(): void {
    begun.value = null
    order.value = null
    kept.clear()
  }

  /** Newer than what was asked for before. */
  function accept(next: PayOrder): void {
    if (begun.value?.id === next.id) order.value = next
  }

  /** Where a payment was begun, if it was begun here. */
  const backOf = (id: string): string | null => (begun.value?.id === id ? begun.value.back : null)

  async function refresh(): Promise<void> {
    const { value: mine } = begun
    if (mine === null || store.token === null) return
    try {
      const answer = await api.order(mine.id)
      if (answer.state === 'closed') sawEnd(mine.id)
      else accept(answer)
    } catch (error) {
      if (!(error instanceof ApiError)) throw error
      // Another customer's, who has used this phone before: kept for when they are back.
      if (begun.value === mine) order.value = null
    }
  }

  /** Still to be paid, or paid and not looked at yet: for the bar. */
  const waiting = (): PayOrder | null => (begun.value?.customer === store.customer?.id ? order.value : null)

  return { means, elsewhere, begun, order, waiting, learnMeans, begin, sawEnd, accept, backOf, refresh }
})
