import { computed, ref, shallowRef, type Ref } from 'vue'
import type { Page } from '@/api/types'

const LIMIT = 20

export interface ListState {
  count: number
  loading: boolean
  started: boolean
  more: boolean
  error: unknown
}

/** A list that grows: the first page, then more. Late answers are dropped. */
export function usePaged<T extends { id: string }>(
  fetch: (paging: { cursor: string | null; limit: number }) => Promise<Page<T>>,
) {
  const items = shallowRef([]) as Ref<T[]>
  const error = shallowRef<unknown>(null)
  const loading = ref(false)
  const started = ref(false)
  const next = ref<string | null>(null)
  let latest = 0
  let tried: string | null = null

  async function ask(cursor: string | null): Promise<void> {
    latest += 1
    const mine = latest
    tried = cursor
    loading.value = true
    error.value = null
    try {
      const page = await fetch({ cursor, limit: LIMIT })
      if (mine !== latest) return
      const known = cursor === null ? [] : items.value
      const ids = new Set(known.map(({ id }) => id))
      items.value = [...known, ...page.items.filter(({ id }) => !ids.has(id))]
      next.value = page.next_cursor
      started.value = true
    } catch (cause) {
      if (mine === latest) error.value = cause
    } finally {
      if (mine === latest) loading.value = false
    }
  }

  const first = () => ask(null)
  async function more(): Promise<void> {
    if (!loading.value && next.value !== null) await ask(next.value)
  }

  /** When the page shows again: newest first, unless somebody has read on into older pages. */
  async function freshen(): Promise<void> {
    if (items.value.length <= LIMIT) await first()
  }

  /** Whoever looks next may be somebody else. */
  function clear(): void {
    latest += 1
    items.value = []
    next.value = null
    error.value = null
    loading.value = false
    started.value = false
  }

  const state = computed<ListState>(() => ({
    count: items.value.length,
    loading: loading.value,
    started: started.value,
    more: next.value !== null,
    error: error.value,
  }))

  return { items, state, started, first, more, freshen, clear, retry: () => ask(tried) }
}
