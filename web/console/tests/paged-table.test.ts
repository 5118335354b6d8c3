import { flushPromises, mount } from '@vue/test-utils'
import { describe, expect, it } from 'vitest'
import { defineComponent, h } from 'vue'
import { createMemoryHistory, createRouter, RouterView, type Router } from 'vue-router'
import type { Page } from '@/api/types'
import { usePagedTable, type PageRequest } from '@/composables/usePagedTable'

type Request = PageRequest<{ search: string; state: string }>
interface Asked {
  request: Request
  signal: AbortSignal
  answer: (page: Page<string>) => Promise<unknown>
  fail: (error: unknown) => Promise<unknown>
}

const page = (items: string[], next: string | null = null): Page<string> => ({ items, next_cursor: next, total: null })

async function start(address = '/list') {
  const asked: Asked[] = []
  let table!: ReturnType<typeof build>
  const build = () =>
    usePagedTable<string, { search: string; state: string }>({
      filters: { search: '', state: 'all' },
      fetch: (request, signal) =>
        new Promise((resolve, reject) => {
          asked.push({
            request,
            signal,
            answer: (value) => (resolve(value), flushPromises()),
            fail: (error) => (reject(error), flushPromises()),
          })
        }),
    })
  const List = defineComponent({
    setup() {
      table = build()
      return () => h('p')
    },
  })
  const router: Router = createRouter({
    history: createMemoryHistory(),
    routes: [
      { path: '/list', component: List },
      { path: '/other', component: { render: () => h('i') } },
    ],
  })
  await router.push(address)
  mount({ render: () => h(RouterView) }, { global: { plugins: [router] } })
  await flushPromises()
  const at = (index: number): Asked => {
    const one = asked[index]
    if (!one) throw new Error(`nothing was asked for the ${index}th time`)
    return one
  }
  return { asked, at, table, router }
}

describe('usePagedTable', () => {
  it('drops an answer that comes after a later question', async () => {
    const { at, table } = await start()
    table.filters.search = 'new'
    void table.apply()
    await flushPromises()
    await at(1).answer(page(['new']))
    await at(0).answer(page(['old']))
    expect(table.items).toEqual(['new'])
    expect(at(0).signal.aborted).toBe(true)
  })

  it('drops a failure that comes after a later question', async () => {
    const { at, table } = await start()
    void table.reload()
    await at(0).fail(new Error('late'))
    expect(table.error).toBeNull()
    expect(table.loading).toBe(true)
    await at(1).answer(page(['fine']))
    expect(table.error).toBeNull()
    expect(table.items).toEqual(['fine'])
  })

  it('keeps filters in the address, without their defaults', async () => {
    const { at, table, router } = await start('/list?tab=a')
    await at(0).answer(page([]))
    table.filters.search = 'lee'
    await table.apply()
    expect(router.currentRoute.value.fullPath).toBe('/list?tab=a&search=lee')
    expect(at(1).request).toEqual({ search: 'lee', state: 'all', cursor: null, limit: 20 })
    await table.reset()
    expect(router.currentRoute.value.fullPath).toBe('/list?tab=a')
  })

  it('begins with what the address says, and follows it', async () => {
    const { at, router, table } = await start('/list?state=ended&cursor=c9&limit=50')
    expect(at(0).request).toEqual({ search: '', state: 'ended', cursor: 'c9', limit: 50 })
    await router.push('/list')
    await flushPromises()
    expect(at(1).request).toEqual({ search: '', state: 'all', cursor: null, limit: 20 })
    expect(table.filters.state).toBe('all')
  })

  it('pages forwards and back, and to the first page when its past is unknown', async () => {
    const { at, table } = await start()
    await at(0).answer(page(['a'], 'c1'))
    await table.next()
    await at(1).answer(page(['b'], 'c2'))
    await table.next()
    await at(2).answer(page(['c']))
    expect(at(2).request.cursor).toBe('c2')
    expect(table.hasNext).toBe(false)
    await table.previous()
    await at(3).answer(page(['b'], 'c2'))
    expect(at(3).request.cursor).toBe('c1')
    await table.previous()
    expect(at(4).request.cursor).toBeNull()

    const shared = await start('/list?cursor=c7')
    await shared.at(0).answer(page(['z']))
    expect(shared.table.hasPrevious).toBe(true)
    await shared.table.previous()
    expect(shared.at(1).request.cursor).toBeNull()
  })

  it('asks again when the same search is sent twice, and shows an error until an answer comes', async () => {
    const { at, asked, table } = await start()
    await at(0).fail(new Error('down'))
    expect(table.error).toBeInstanceOf(Error)
    void table.apply()
    await flushPromises()
    expect(asked.length).toBe(2)
    await at(1).answer(page(['up']))
    expect(table.error).toBeNull()
  })

  it('looks on by itself while an answer is short, and stops when the page is full', async () => {
    const { asked, at, table } = await start('/list?limit=50')
    await at(0).answer({ ...page(['a', 'b'], 'c1'), searched_to: '2026-11-20T00:00:00Z' })
    expect(table.items).toEqual(['a', 'b'])
    expect(table.searchedTo).toBe('2026-11-20T00:00:00Z')
    expect(at(1).request).toMatchObject({ cursor: 'c1', limit: 48 })
    await at(1).answer({ ...page([], 'c2'), searched_to: '2026-11-19T00:00:00Z' })
    const rest = Array.from({ length: 48 }, (_, n) => String(n))
    await at(2).answer(page(rest, 'c3'))
    expect(table.items).toEqual(['a', 'b', ...rest])
    expect(table.searchedTo).toBeNull()
    expect(asked.length).toBe(3)
    await table.next()
    expect(at(3).request.cursor).toBe('c3')
  })

  it('asks before it searches for long, and goes on from there', async () => {
    const { asked, at, table } = await start()
    for (let n = 0; n < 20; n++) await at(n).answer({ ...page([], `c${n}`), searched_to: '2026-11-20T00:00:00Z' })
    expect(asked.length).toBe(20)
    expect(table.loading).toBe(false)
    expect(table.searchedTo).toBe('2026-11-20T00:00:00Z')
    void table.goOn()
    await flushPromises()
    expect(at(20).request.cursor).toBe('c19')
    await at(20).answer(page(['found']))
    expect(table.items).toEqual(['found'])
    expect(table.searchedTo).toBeNull()
    expect(table.hasNext).toBe(false)
  })

  it('asks nothing more when one leaves the page', async () => {
    const { asked, at, router } = await start()
    await router.push('/other')
    await flushPromises()
    expect(asked.length).toBe(1)
    expect(at(0).signal.aborted).toBe(true)
  })
})
