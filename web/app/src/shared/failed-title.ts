import type { EndReason } from '@/api/types'

export type FailedTitle = 'notLit' | 'staff' | 'customer' | 'other'

/** Whose doing it was that a table was not opened: the lamp's, the staff's, or one's own. */
export function failedTitle(reason: EndReason | null): FailedTitle {
  if (reason === 'not_lit') return 'notLit'
  if (reason === 'hall') return 'staff'
  return reason === 'staff' || reason === 'customer' ? reason : 'other'
}
