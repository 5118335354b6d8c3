import { useI18n } from 'vue-i18n'
import type { FloorTable } from '@/api/types'
import { useFormat } from '@/composables/useFormat'
import { SOON_MS, costAt, formatClock, leftOf } from './clock'
import { lampOf, marksOf } from './plan'

/** The moment at which the server told of the floor, and now by its clock. */
export interface Clock {
  told: number
  now: number
}

/** What is said about a table in a few words: on the plan, on its card, to a screen reader. */
export function useTableTexts() {
  const { t } = useI18n()
  const { money } = useFormat()

  /** How much time is left, or what keeps it from counting; empty where nobody plays. */
  function time({ play, state }: FloorTable, { told, now }: Clock): { text: string; soon: boolean } | null {
    if (play === null) return null
    // Time stands still while it is paused.
    const left = leftOf(play, state === 'paused' ? told : now)
    if (left === null) return { text: t('floor.table.waiting'), soon: false }
    if (left === 0) return { text: t('floor.table.over'), soon: true }
    return { text: t('floor.table.left', { time: formatClock(left) }), soon: left <= SOON_MS }
  }

  const cost = ({ play, state }: FloorTable, { told, now }: Clock): string =>
    play === null || play.lit_at === null ? '' : money(costAt(play, told, state === 'paused' ? told : now))

  /** Why it is out of service. */
  const trouble = (table: FloorTable): string => (table.case === null ? '' : t(`status.cause.${table.case.cause}`))

  /** How long it is held still; empty where it is not. */
  const kept = ({ hold }: FloorTable, { now }: Clock): string =>
    hold === null ? '' : t('floor.table.held', { time: formatClock(Date.parse(hold.until) - now) })

  const label = (table: FloorTable, clock: Clock): string =>
    [
      t('floor.table.label', {
        name: table.name,
        state: t(`status.table.${table.state}`),
        lamp: t(`status.lamp.${lampOf(table.device)}`),
      }),
      ...marksOf(table.device, clock.now).map((mark) => t(`status.mark.${mark}`)),
      time(table, clock)?.text,
      cost(table, clock) && t('floor.table.cost', { money: cost(table, clock) }),
      trouble(table),
      kept(table, clock),
    ]
      .filter(Boolean)
      .join(' \u00b7 ')

  return { time, cost, trouble, kept, label }
}
