import { onScopeDispose, ref, shallowRef, watch, type Ref } from 'vue'
import { quoteBatch, type BatchQuote, type BatchTerms } from '@/api/keys'
import { errorText } from '@/shared/error-text'

const PAUSE_MS = 250

/** What a batch would cost, asked again a moment after the terms have changed. Late answers are dropped. */
export function useQuote(terms: Ref<BatchTerms | null>) {
  const quote = shallowRef<BatchQuote | null>(null)
  const error = ref('')
  const loading = ref(false)
  let timer: ReturnType<typeof setTimeout> | undefined
  let pending: AbortController | null = null

  async function ask(asked: BatchTerms): Promise<void> {
    const mine = new AbortController()
    pending = mine
    try {
      const answer = await quoteBatch(asked, mine.signal)
      if (pending !== mine) return
      quote.value = answer
      error.value = ''
    } catch (cause) {
      if (pending !== mine) return
      quote.value = null
      error.value = errorText(cause)
    } finally {
      if (pending === mine) loading.value = false
    }
  }
  function drop(): void {
    clearTimeout(timer)
    pending?.abort()
    pending = null
  }

  /** Asks once more, for terms that have not changed: their price has. */
  function again(): void {
    const asked = terms.value
    if (!asked) return
    drop()
    loading.value = true
    void ask(asked)
  }

  watch(
    () => JSON.stringify(terms.value),
    () => {
      drop()
      const asked = terms.value
      error.value = ''
      loading.value = asked !== null
      if (asked) timer = setTimeout(() => void ask(asked), PAUSE_MS)
      else quote.value = null
    },
    { immediate: true },
  )
  onScopeDispose(drop)
  return { quote, error, loading, again }
}
