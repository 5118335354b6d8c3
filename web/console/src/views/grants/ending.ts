import type { Grant } from '@/api/types'

const SOON_DAYS = 7

/** Whether a grant that is still good will end within a week: worth a colour. */
export function endsSoon(grant: Pick<Grant, 'state' | 'ends_at'>, now: number = Date.now()): boolean {
  if (grant.state !== 'active' || grant.ends_at === null) return false
  return new Date(grant.ends_at).getTime() - now < SOON_DAYS * 86_400_000
}
