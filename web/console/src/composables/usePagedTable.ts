import { computed, onScopeDispose, reactive, ref, shallowRef, watch, type Ref } from 'vue'
import { useRoute, useRouter, type LocationQuery } from 'vue-router'
import type { Page } from '@/api/types'

export const PAGE_SIZES = [20, 50, 100, 200] as const

/** How often a page that came short is looked on for by itself, before somebody is asked whether to go on. */
const LOOKS = 20

export type Filters = Record<string, string>
export type PageRequest<F extends Filters> = F & { cursor: string | null; limit: number }

interface Options<T, F extends Filters> {
  fetch: (request: PageRequest<F>, signal: AbortSignal) => Promise<Page<T>>
  /** Names and defaults. All are text: that is what an address can hold. */
  filters: F
  /** Off for a second list on a page; then the state lives in the page alone. */
  inAddress?: boolean
}

/**
 * A list that pages by cursor. The address is where filters, page size and position live, so that reload, back and a shared link
 * show the same rows. Only the answer to the latest question is ever shown. Where few rows match, an answer comes short and says how
 * far it has looked; then it is asked on until the page is full, there is no more, or it takes too long.
 */
export function usePagedTable<T, F extends Filters>(options: Options<T, F>) {
  const inAddress = options.inAddress ?? true
  const route = useRoute()
  const router = useRouter()
  const home = route.path

  const items = shallowRef([]) as Ref<T[]>
  const total = ref<number | null>(null)
  const searchedTo = ref<string | null>(null)
  const nextCursor = ref<string | null>(null)
  const error = shallowRef<unknown>(null)
  const loading = ref(true)
  const loaded = ref(false)
  const filters = reactive({ ...options.filters }) as F
  const applied = shallowRef<F>({ ...options.filters })
  const cursor = ref<string | null>(null)
  const pageSize = ref<number>(PAGE_SIZES[0])
  const before: (string | null)[] = []

  let question = 0
  let pending: AbortController | null = null

  const load = () => ask([], cursor.value)

  /** Adds to `found` what lies from `from` on. */
  async function ask(found: T[], from: string | null): Promise<void> {
    const mine = ++question
    pending?.abort()
    const own = (pending = new AbortController())
    loading.value = true
    try {
      for (let look = 0, at = from; look < LOOKS; look++) {
        const request = { ...applied.value, cursor: at, limit: pageSize.value - found.length }
        const page = await options.fetch(request, own.signal)
        if (mine !== question) return
        found = [...found, ...page.items]
        items.value = found
        nextCursor.value = at = page.next_cursor
        searchedTo.value = page.searched_to ?? null
        if (from === cursor.value) total.value = page.total ?? null
        error.value = null
        loaded.value = true
        if (at === null || searchedTo.value === null || found.length >= pageSize.value) break
      }
      if (found.length >= pageSize.value) searchedTo.value = null
    } catch (cause) {
      if (mine === question) error.value = cause
    } finally {
      if (mine === question) loading.value = false
    }
  }

  function readAddress(query: LocationQuery): void {
    const read: Filters = { ...options.filters }
    for (const name of Object.keys(read)) {
      const value = query[name]
      if (typeof value === 'string') read[name] = value
    }
    applied.value = read as F
    Object.assign(filters, read)
    cursor.value = typeof query.cursor === 'string' ? query.cursor : null
    const size = Number(query.limit)
    pageSize.value = PAGE_SIZES.find((known) => known === size) ?? PAGE_SIZES[0]
    if (cursor.value === null) before.length = 0
  }

  function addressOf(values: F, at: string | null, size: number): Record<string, string> {
    const query: Record<string, string> = {}
    for (const [name, value] of Object.entries(route.query)) {
      const own = name in options.filters || name === 'cursor' || name === 'limit'
      if (!own && typeof value === 'string') query[name] = value
    }
    for (const [name, value] of Object.entries(values)) if (value !== options.filters[name]) query[name] = value
    if (at !== null) query.cursor = at
    if (size !== PAGE_SIZES[0]) query.limit = String(size)
    return query
  }

  async function go(values: F, at: string | null, size = pageSize.value): Promise<void> {
    if (inAddress) {
      const query = addressOf(values, at, size)
      const same =
        JSON.stringify(query, Object.keys(query).sort()) ===
        JSON.stringify(route.query, Object.keys(route.query).sort())
      if (same) return load()
      await router.replace({ query })
      return
    }
    applied.value = { ...values }
    cursor.value = at
    pageSize.value = size
    if (at === null) before.length = 0
    await load()
  }

  /** Looks on from where the page stopped. */
  async function goOn(): Promise<void> {
    if (nextCursor.value === null || loading.value) return
    await ask(items.value, nextCursor.value)
  }

  const apply = () => go({ ...filters }, null)
  function reset(): Promise<void> {
    Object.assign(filters, options.filters)
    return apply()
  }
  async function next(): Promise<void> {
    if (nextCursor.value === null || loading.value) return
    before.push(cursor.value)
    await go(applied.value, nextCursor.value)
  }
  async function previous(): Promise<void> {
    if (loading.value) return
    await go(applied.value, before.pop() ?? null)
  }
  const resize = (size: number) => go(applied.value, null, size)

  /** Puts a changed row in place of the old one, without asking for the page again. */
  function replace(match: (item: T) => boolean, changed: T): void {
    items.value = items.value.map((item) => (match(item) ? changed : item))
  }

  if (inAddress) {
    readAddress(route.query)
    watch(
      () => route.query,
      (query) => {
        if (route.path !== home) return
        readAddress(query)
        void load()
      },
    )
  }
  void load()
  onScopeDispose(() => {
    question++
    pending?.abort()
  })

  return reactive({
    items,
    total,
    searchedTo,
    error,
    loading,
    loaded,
    filters,
    pageSize,
    activeFilters: computed(
      () => Object.keys(options.filters).filter((name) => applied.value[name] !== options.filters[name]).length,
    ),
    hasNext: computed(() => nextCursor.value !== null),
    hasPrevious: computed(() => cursor.value !== null),
    apply,
    reset,
    next,
    previous,
    resize,
    replace,
    goOn,
    reload: load,
  })
}

/** The part of a paged table that frames and pagers need, whatever the rows are. */
export interface TableState<T> {
  items: T[]
  total: number | null
  /** How far a page that is not full has looked; there may be more. */
  searchedTo: string | null
  error: unknown
  loading: boolean
  loaded: boolean
  pageSize: number
  activeFilters: number
  hasNext: boolean
  hasPrevious: boolean
  apply: () => Promise<void>
  reset: () => Promise<void>
  next: () => Promise<void>
  previous: () => Promise<void>
  resize: (size: number) => Promise<void>
  goOn: () => Promise<void>
  reload: () => Promise<void>
}
