import type { BatchTerms } from '@/api/keys'
import type { Batch, Price } from '@/api/types'
import { UNITS } from '@/shared/validity'

/** What the server makes at most in one batch. */
export const MOST_KEYS = 1_000_000
/** More than this is downloaded rather than copied. */
export const MOST_COPIED = 1_000

/** A price as a form's value. */
export const choiceOf = (price: Pick<Price, 'unit' | 'count'>): string => `${price.unit} ${price.count}`

/** What is asked for, once it is complete. */
export function termsOf(projectId: string, choice: string, count: number | undefined): BatchTerms | null {
  const [name, validity] = choice.split(' ')
  const unit = UNITS.find((one) => one === name)
  if (!projectId || unit === undefined || !count || count > MOST_KEYS) return null
  return { project_id: projectId, count, unit, validity: Number(validity) }
}

/** Not settled yet: worth asking again. */
export const isRunning = (state: Batch['state']): boolean => state === 'generating' || state === 'cancelling'

/** How far a batch is, as whole percent; 100 only when all are there. */
export function progressOf(batch: Pick<Batch, 'made' | 'count'>): number {
  if (batch.count <= 0) return 0
  return Math.min(batch.made >= batch.count ? 100 : 99, Math.floor((batch.made / batch.count) * 100))
}
