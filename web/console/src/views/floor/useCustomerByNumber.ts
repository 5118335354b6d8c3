import { watchDebounced } from '@vueuse/core'
import { computed, shallowRef, type Ref } from 'vue'
import { WHOLE } from './desk-open'
import type { AtDesk } from '@/api/types'
import { findCustomer } from '@/api/venues'

interface NumberForm {
  model: { number: string }
  busy: Ref<boolean>
  capture: (error: unknown) => void
}

/** Whose number is typed into a form: shown as soon as it is whole, and nobody's once it is another. */
export function useCustomerByNumber({ model, busy, capture }: NumberForm) {
  const found = shallowRef<{ asked: string; who: AtDesk } | null>(null)
  const who = computed(() => (found.value?.asked === model.number.trim() ? found.value.who : null))

  async function find(): Promise<void> {
    const asked = model.number.trim()
    const answer = await findCustomer(asked)
    if (model.number.trim() === asked) found.value = { asked, who: answer }
  }
  async function findWhole(): Promise<void> {
    if (!WHOLE.test(model.number.trim()) || who.value !== null || busy.value) return
    try {
      await find()
    } catch (error) {
      capture(error)
    }
  }
  watchDebounced(() => model.number, findWhole, { debounce: 300 })

  const forget = (): void => void (found.value = null)

  return { who, find, forget }
}
