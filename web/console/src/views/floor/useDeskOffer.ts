import { watchDebounced } from '@vueuse/core'
import { computed, shallowRef } from 'vue'
import { deskOffer, type DeskOffer, type DeskOfferAsk } from '@/api/desk'

/** What is asked about; null: nothing can be asked yet. */
type Question = { table: string; body: DeskOfferAsk } | null

/** What is sold to whoever stands at the desk: asked again once they, or what they hand over, are others. Late answers are dropped. */
export function useDeskOffer(question: () => Question, capture: (error: unknown) => void) {
  const found = shallowRef<{ asked: string; offer: DeskOffer } | null>(null)
  const wanted = computed(() => JSON.stringify(question()))
  /** Of what was asked last: what is in the form by now may be something else. */
  const offer = computed(() => found.value?.offer ?? null)
  const fresh = computed(() => found.value?.asked === wanted.value)

  async function load(): Promise<void> {
    const [asked, now] = [wanted.value, question()]
    if (now === null || fresh.value) return
    try {
      const answer = await deskOffer(now.table, now.body)
      if (wanted.value === asked) found.value = { asked, offer: answer }
    } catch (error) {
      if (wanted.value === asked) capture(error)
    }
  }
  watchDebounced(wanted, load, { debounce: 300 })

  const forget = (): void => void (found.value = null)
  async function again(): Promise<void> {
    forget()
    await load()
  }

  return { offer, fresh, load, forget, again }
}
