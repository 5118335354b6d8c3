import { computed, shallowRef } from 'vue'

/** Ticked rows, kept while one pages through a list: what is ticked is exactly what will be acted upon. */
export function useTicks(rows: () => readonly { id: string }[]) {
  const ticked = shallowRef<ReadonlySet<string>>(new Set())
  const here = computed(() => rows().filter(({ id }) => ticked.value.has(id)).length)

  function tick(id: string, on: boolean): void {
    const next = new Set(ticked.value)
    if (on) next.add(id)
    else next.delete(id)
    ticked.value = next
  }
  function tickPage(on: boolean): void {
    const next = new Set(ticked.value)
    for (const { id } of rows()) {
      if (on) next.add(id)
      else next.delete(id)
    }
    ticked.value = next
  }
  const clear = () => (ticked.value = new Set())

  return {
    ticked,
    count: computed(() => ticked.value.size),
    elsewhere: computed(() => ticked.value.size - here.value),
    allHere: computed(() => rows().length > 0 && here.value === rows().length),
    someHere: computed(() => here.value > 0 && here.value < rows().length),
    tick,
    tickPage,
    clear,
  }
}
