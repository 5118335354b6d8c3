import type { Delivery, DeliveryDetail } from '@/api/types'

export const EVENTS: readonly Delivery['event'][] = [
  'key.activated',
  'key.verified',
  'key.refused',
  'key.expired',
  'key.unbound',
  'batch.created',
  'test',
]

/** The same JSON with room between its parts; what is no JSON stays as it is. */
export function prettyJson(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

type Attempt = DeliveryDetail['attempts'][number]

/** Whether the receiver took it: any 2xx, as the sender counts. */
export const accepted = (attempt: Pick<Attempt, 'status'>): boolean =>
  attempt.status !== null && attempt.status >= 200 && attempt.status < 300

/** The latest first, each with its number. */
export const numbered = (attempts: readonly Attempt[]): (Attempt & { number: number })[] =>
  [...attempts]
    .sort((a, b) => a.at.localeCompare(b.at))
    .map((attempt, index) => ({ ...attempt, number: index + 1 }))
    .reverse()
