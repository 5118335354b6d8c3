import { ref } from 'vue'
import * as api from '@/api/pay'
import type { Refundable } from '@/api/pay'
import { ApiError } from '@/api/problem'
import { useCustomerStore } from '@/stores/customer'

const NOTHING: Refundable = { amount_fen: 0, freely_fen: 0 }

/** How much of the wallet can go back to where it came from; nothing while that is not known. */
export function useRefundable() {
  const store = useCustomerStore()
  const refundable = ref(NOTHING)

  async function learn(): Promise<void> {
    // A guest has paid for nothing here, and need not be asked about.
    if (store.customer?.guest !== false) {
      refundable.value = NOTHING
      return
    }
    try {
      refundable.value = await api.refundable()
    } catch (error) {
      // The page has more to show than this; its button comes when the network does.
      if (!(error instanceof ApiError)) throw error
    }
  }

  return { refundable, learn }
}
