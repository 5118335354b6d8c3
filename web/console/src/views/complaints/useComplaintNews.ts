import { useDebounceFn } from '@vueuse/core'
import type { Notification } from '@/api/types'
import { useEvent } from '@/composables/useEvents'
import { oneAtATime } from '@/shared/one-at-a-time'

const BURST_MS = 200
const KINDS: readonly string[] = ['venue.help', 'venue.complaint']

/** Whether a notification tells of a call for help or a complaint; where an id is given, of that one. */
export const tellsOf = ({ kind, link }: Pick<Notification, 'kind' | 'link'>, id?: string): boolean =>
  KINDS.includes(kind) && (id === undefined || link === `/complaints/${id}`)

/** Asks again as soon as the server tells of a call for help or a complaint, or of the one with this id. */
export function useComplaintNews(ask: () => Promise<unknown>, id?: () => string): void {
  const once = oneAtATime(async () => void (await ask()))
  const reload = useDebounceFn(once, BURST_MS, { maxWait: 5 * BURST_MS })
  useEvent('notification', (told) => {
    if (tellsOf(told, id?.())) void reload()
  })
}
