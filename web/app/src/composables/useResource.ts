import { ref, shallowRef, type Ref } from 'vue'

/** One thing that a page shows: loading, its error, itself. Late answers are dropped; what is there stays while asking again. */
export function useResource<T>(fetch: () => Promise<T>) {
  const data = shallowRef(null) as Ref<T | null>
  const error = shallowRef<unknown>(null)
  const loading = ref(true)
  /** An answer has come: where there may be nothing to show, `data` alone does not tell. */
  const answered = ref(false)
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
      answered.value = true
      return answer
    } catch (cause) {
      if (mine === latest) error.value = cause
      return null
    } finally {
      if (mine === latest) loading.value = false
    }
  }

  /** What came another way, as the answer to a write, is newer than whatever is under way. */
  function accept(next: T): void {
    latest += 1
    data.value = next
    error.value = null
    answered.value = true
    loading.value = false
  }

  return { data, error, loading, answered, load, accept }
}
