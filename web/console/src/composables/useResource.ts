import { onScopeDispose, ref, shallowRef, watch, type Ref, type WatchSource } from 'vue'

/** One thing that a page shows: loading, its error, itself. Asked again when `source` changes; late answers are dropped. */
export function useResource<K, T>(source: WatchSource<K>, fetch: (key: K, signal: AbortSignal) => Promise<T>) {
  const data = shallowRef(null) as Ref<T | null>
  const error = shallowRef<unknown>(null)
  const loading = ref(true)
  let pending: AbortController | null = null
  let ask: () => Promise<void> = async () => {}

  async function load(key: K): Promise<void> {
    pending?.abort()
    const mine = new AbortController()
    pending = mine
    loading.value = true
    try {
      const answer = await fetch(key, mine.signal)
      if (pending !== mine) return
      data.value = answer
      error.value = null
    } catch (cause) {
      if (pending === mine) error.value = cause
    } finally {
      if (pending === mine) loading.value = false
    }
  }

  watch(
    source,
    (key, previous) => {
      if (previous !== undefined) data.value = null
      ask = () => load(key)
      void ask()
    },
    { immediate: true },
  )
  onScopeDispose(() => {
    const last = pending
    pending = null
    last?.abort()
  })

  return { data, error, loading, reload: () => ask() }
}
