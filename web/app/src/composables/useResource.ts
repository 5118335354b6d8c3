import { ref, shallowRef, type Ref } from 'vue'

/** One thing that a page shows: loading, its error, itself. Late answers are dropped; what is there stays while asking again. */
export function useResource<T>(fetch: () => Promise<T>) {
  const data = shallowRef(null) as Ref<T | null>
  const error = shallowRef<unknown>(null)
  const loading = ref(true)
  let latest = 0

  async function load(): Promise<T | null> {
    latest += 1
    const mine = latest
    loading.value = true
    try {
      const answer = await fetch()
      if (mine !== latest) return null
      data.value = answer
      error.value = null
      return answer
    } catch (cause) {
      if (mine === latest) error.value = cause
      return null
    } finally {
      if (mine === latest) loading.value = false
    }
  }

  return { data, error, loading, load }
}
