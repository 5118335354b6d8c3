import { ref } from 'vue'
import * as api from '@/api/pay'
import { ApiError } from '@/api/problem'
import { useCustomerStore } from '@/stores/customer'

/** How much of the wallet can go back to where it came from; 0 while that is not known. */
export function useRefundable() {
  const store = useCustomerStore()
  const refundableFen = ref(0)

  async function learn(): Promise<void> {
    // A guest has paid for nothing here, and need not be asked about.
    if (store.customer?.guest !== false) {
      refundableFen.value = 0
      return
    }
    try {
      refundableFen.value = (await api.refundable()).amount_fen
    } catch (error) {
      // The page has more to show than this; its button comes when the network does.
      if (!(error instanceof ApiError)) throw error
    }
  }

  return { refundableFen, learn }
}
