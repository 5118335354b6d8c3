import type { CashReport, CashSum } from '@/api/cash'
import { harmless } from '@/shared/csv'
import { plainYuan } from '@/shared/money'

export interface CashRow {
  id: string
  day: string
  hall: string
  /** Of the staff; null: all of them together. */
  who: string | null
  sum: CashSum
}

/** A line for each person, and one for all of a hall's day where they are several. */
export const cashRows = ({ days }: CashReport): CashRow[] =>
  days.flatMap(({ venue_id, venue_name, day, people, total }) => {
    const line = (key: string, who: string | null, sum: CashSum): CashRow => {
      return { id: `${venue_id}-${day}-${key}`, day, hall: venue_name, who, sum }
    }
    const lines = people.map(({ user, sum }) => line(user.id, user.name, sum))
    return lines.length > 1 ? [...lines, line('all', null, total)] : lines
  })

/** The same for a file: each person alone, so that no money is in it twice. */
export const cashCells = (rows: readonly CashRow[]): string[][] =>
  rows.flatMap(({ day, hall, who, sum }) =>
    who === null
      ? []
      : [
          [
            day,
            harmless(hall),
            harmless(who),
            plainYuan(sum.taken_fen),
            String(sum.recharges),
            plainYuan(sum.paid_out_fen),
            String(sum.payouts),
            plainYuan(sum.walk_ins_fen),
            String(sum.walk_in_payouts),
            plainYuan(sum.drawer_fen),
          ],
        ],
  )
