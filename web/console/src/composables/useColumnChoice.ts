import { computed, ref, type ComputedRef } from 'vue'
import { readHidden } from '@/shared/columns'

interface Choosable {
  key: string
  label: string
  /** Cannot be hidden. */
  fixed?: boolean
}

/** A list's columns less those that one hid; remembered in this browser. */
export function useColumnChoice<C extends Choosable>(
  storageKey: string,
  all: ComputedRef<C[]>,
  hiddenAtFirst: readonly string[],
) {
  const choosable = computed(() => all.value.filter((column) => !column.fixed))
  const stored = localStorage.getItem(storageKey)
  const known = all.value.filter((column) => !column.fixed).map(({ key }) => key)
  const hidden = ref<string[]>(stored === null ? [...hiddenAtFirst] : readHidden(stored, known))

  const visible = computed(() => all.value.filter((column) => column.fixed || !hidden.value.includes(column.key)))
  const shown = computed<string[]>({
    get: () => choosable.value.filter(({ key }) => !hidden.value.includes(key)).map(({ key }) => key),
    set: (keys) => {
      hidden.value = choosable.value.map(({ key }) => key).filter((key) => !keys.includes(key))
      localStorage.setItem(storageKey, JSON.stringify(hidden.value))
    },
  })
  function reset(): void {
    localStorage.removeItem(storageKey)
    hidden.value = [...hiddenAtFirst]
  }
  return { visible, shown, choosable, reset }
}
