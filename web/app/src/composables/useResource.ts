import { ref, shallowRef, type Ref } from 'vue'
import { tokenLost } from '@/api/problem'

/**
 * One thing that a page shows: itself, and why it could not be had. Either stays while it is asked for again. An answer
 * is dropped only for that to a later question: where answers are slower than the next question, there is something to
 * see all the same.
 */
export function useResource<T>(fetch: () => Promise<T>) {
  const data = shallowRef(null) as Ref<T | null>
  const error = shallowRef<unknown>(null)
  const loading = ref(false)
  /** An answer has come: where there may be nothing to show, `data` alone does not tell. */
  const answered = ref(false)
  let asked = 0
  let underWay = 0
  /** The question whose answer is shown. */
  let shown = 0

  function take(next: T, question: number): void {
    shown = question
    data.value = next
    error.value = null
    answered.value = true
  }

  function refuse(cause: unknown): void {
    error.value = cause
    if (!tokenLost(cause)) return
    // It is theirs who were signed in, and not for whoever signs in next.
    data.value = null
    answered.value = false
  }

  async function load(): Promise<T | null> {
    asked += 1
    underWay += 1
    const mine = asked
    loading.value = true
    if (tokenLost(error.value)) error.value = null
    try {
      const answer = await fetch()
      if (mine < shown) return null
      take(answer, mine)
      return answer
    } catch (cause) {
      if (mine > shown) refuse(cause)
      return null
    } finally {
      underWay -= 1
      loading.value = underWay > 0
    }
  }

  /** What came another way, as the answer to a write, is newer than whatever is under way. */
  function accept(next: T): void {
    asked += 1
    take(next, asked)
  }

  return { data, error, loading, answered, load, accept }
}
