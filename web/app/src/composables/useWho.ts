import { computed, ref, shallowRef } from 'vue'
import { useCustomerStore } from '@/stores/customer'

/** Who is there, for what only those can do who have said who they are. */
export function useWho() {
  const store = useCustomerStore()
  const asking = ref(false)
  const error = shallowRef<unknown>(null)
  /** Null: somebody, whom the server has not told yet. They must not be taken for a guest. */
  const guest = computed(() => (store.token === null ? true : (store.customer?.guest ?? null)))

  async function learn(): Promise<void> {
    if (store.token === null || asking.value) return
    asking.value = true
    try {
      await store.refresh()
      error.value = null
    } catch (cause) {
      error.value = cause
    } finally {
      asking.value = false
    }
  }

  return { guest, asking, error, learn }
}
