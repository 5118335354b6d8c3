import { defineStore } from 'pinia'
import { ref, shallowRef } from 'vue'
import * as api from '@/api/pay'
import { ApiError } from '@/api/problem'
import type { PayOrder } from '@/api/types'
import { serverClock } from '@/shared/clock'
import { leaveFor } from '@/shared/go'
import { mayOpen } from '@/shared/order-state'
import { meansAt, opensHere, placeHere, type Mean } from '@/shared/pay-means'
import { stored } from '@/shared/storage'
import { payInside, type PayWord } from '@/shared/wechat-pay'
import { useCustomerStore } from './customer'
import { useWechatStore } from './wechat'

interface Begun {
  id: string
  /** Somebody else on the same phone is not shown it. */
  customer: string
  /** The app's page that it was begun on. */
  back: string
  /** Which table it is to open. Absent of what an older app has begun. */
  table?: string | null
}
const kept = stored<Begun>('cuekey.begun-payment')

/** By what one can pay here, and the payment that was begun last and whose end has not been seen. */
export const usePayStore = defineStore('pay', () => {
  const store = useCustomerStore()
  const place = placeHere()
  const means = shallowRef<Mean[]>([])
  /** Networks are taken, but not where the app is open now. */
  const elsewhere = ref(false)
  /** One is being begun: whoever has asked for it is about to be led on to where it is paid. */
  const beginning = ref(false)
  const begun = shallowRef<Begun | null>(kept.read())
  /** What is known of it. */
  const order = shallowRef<PayOrder | null>(null)
  /** How WeChat's window was left, for which order: what is said on the order's page, and nothing more. */
  const left = shallowRef<{ id: string; word: PayWord } | null>(null)

  async function learnMeans(): Promise<void> {
    try {
      const inside = place === 'wechat' || place === 'mini-program'
      const [{ channels }, ways] = await Promise.all([
        api.paymentMeans(),
        inside ? useWechatStore().learn() : Promise.resolve(null),
      ])
      means.value = meansAt(place, channels, ways)
      elsewhere.value = place === 'wechat' && channels.length > 0 && means.value.length === 0
    } catch (error) {
      // Paying at the desk is left; what was known stays.
      if (!(error instanceof ApiError)) throw error
    }
  }

  function begin(next: PayOrder, back: string, what: api.PayFor): void {
    const table = 'table' in what ? what.table.table_id : null
    begun.value = { id: next.id, customer: store.customer?.id ?? '', back, table }
    kept.write(begun.value)
    order.value = next
  }

  /** On to where it is paid: the network's page, or the window that WeChat opens over this one. */
  async function goOn({ id, state, next, channel }: PayOrder): Promise<void> {
    if (state !== 'pending') return
    if (next?.kind === 'redirect') leaveFor(next.url)
    if (next?.kind === 'qr_code' && opensHere({ channel, next }, place)) leaveFor(next.content)
    if (next?.kind !== 'jsapi') return
    left.value = null
    left.value = { id, word: await payInside(next) }
  }
  const wordOn = (id: string): PayWord | null => (left.value?.id === id ? left.value.word : null)

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

  /** The same, where it may still open this table: paid another way as well, that would be paid twice. */
  function due(table: string): PayOrder | null {
    const mine = begun.value?.table === table ? waiting() : null
    return mine !== null && mayOpen(mine, serverClock.now()) ? mine : null
  }

  return {
    place,
    means,
    elsewhere,
    beginning,
    begun,
    order,
    waiting,
    due,
    wordOn,
    learnMeans,
    begin,
    goOn,
    sawEnd,
    accept,
    backOf,
    refresh,
  }
})
