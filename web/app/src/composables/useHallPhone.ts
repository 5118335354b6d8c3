import { ref } from 'vue'
import type { About } from '@/api/complaints'
import * as api from '@/api/customer'
import { ApiError } from '@/api/problem'
import { hallPhones } from '@/shared/hall-phones'
import { useCustomerStore } from '@/stores/customer'

/** The phone of the hall that something is about, for whoever cannot wait. Empty: it has none, or that is not known. */
export function useHallPhone() {
  const store = useCustomerStore()
  const phone = ref('')

  async function ask(about: About): Promise<string> {
    if ('venue_id' in about) return (await api.venue(about.venue_id)).venue.phone ?? ''
    // Whoever is nobody yet has no session, and becomes no guest for asking.
    return store.token === null ? '' : ((await api.session(about.session_id)).venue_phone ?? '')
  }

  async function learn(about: About): Promise<void> {
    const known = hallPhones.of('venue_id' in about ? about.venue_id : about.session_id)
    try {
      phone.value = known ?? (await ask(about))
    } catch (error) {
      // What the page is for can be done without it.
      if (!(error instanceof ApiError)) throw error
    }
  }

  return { phone, learn }
}
