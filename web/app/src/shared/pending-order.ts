import { stored } from './storage'

/** The payment that was begun last on this device, until it is seen to be over: whoever comes back without it finds it again. */
export const pendingOrder = stored<string>('cuekey.pending-order')
