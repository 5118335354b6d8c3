import { computed, ref, shallowRef } from 'vue'
import { ApiError, isCode, tokenLost } from '@/api/problem'
import * as api from '@/api/split'
import type { Split } from '@/api/types'
import { confirmIntent, pendingKeys } from '@/shared/idempotency'
import { mineOf } from '@/shared/split'
import { useCustomerStore } from '@/stores/customer'
import { useResource } from './useResource'
import { useWhileShown } from './useWhileShown'

const EVERY_MS = 3_000

export interface SplitAddress {
  /** In a friend's link. */
  code: string
  /** Of one's own bill. */
  session: string
}

/** A split, followed while its page is shown, and what one can do about it. */
export function useSplit(address: () => SplitAddress) {
  const store = useCustomerStore()
  const { data, error, loading, answered, load, accept } = useResource((): Promise<Split | null> => {
    const { code, session } = address()
    // By its link it is seen by everybody, before and after one has a share.
    if (code) return api.splitOfCode(code)
    return data.value ? api.split(data.value.id) : api.splitOf(session)
  })
  const busy = ref(false)
  const problem = shallowRef<unknown>(null)
  const share = computed(() => (data.value ? mineOf(data.value) : null))

  useWhileShown(() => {
    // Where there is none it is made on this page: nothing is to be followed, and what is being typed must stay.
    const none = answered.value && data.value === null
    const over = data.value?.state === 'settled' || data.value?.state === 'undone'
    return busy.value || none || over ? undefined : load()
  }, EVERY_MS)

  /** What one wishes; its answer is newer than what was asked for before. */
  async function act(call: () => Promise<Split>): Promise<void> {
    if (busy.value) return
    busy.value = true
    problem.value = null
    try {
      accept(await call())
      void store.refreshIfKnown()
    } catch (cause) {
      if (!(cause instanceof ApiError)) throw cause
      // That one was signed out is what the page then shows.
      if (!tokenLost(cause)) problem.value = cause
      if (isCode(cause, 'BALANCE_INSUFFICIENT')) void store.refreshIfKnown()
    } finally {
      busy.value = false
    }
    if (problem.value || store.signedOut) void load()
  }

  const join = (place: number | null) => act(() => api.joinSplit(address().code, place))
  const leave = () => act(() => api.leaveSplit(address().code))
  const free = (place: number) => act(() => api.freeShare(data.value?.id ?? '', place))
  const finish = () => act(() => api.finishSplit(data.value?.id ?? ''))
  const cancel = () => act(() => api.cancelSplit(data.value?.id ?? ''))
  function confirm(): Promise<void> {
    const [split, own] = [data.value, share.value]
    if (!split || !own) return Promise.resolve()
    const intent = confirmIntent(split.id, own.amount_fen)
    return act(() => pendingKeys.run(intent, (key) => api.confirmSplit(split.id, own.amount_fen, key)))
  }

  return {
    split: data,
    share,
    error,
    loading,
    answered,
    load,
    accept,
    busy,
    problem,
    join,
    leave,
    free,
    finish,
    cancel,
    confirm,
  }
}
