import type { Level, LevelForm } from '@/api/types'
import { formatFen, parseYuan } from '@/shared/money'

/** A level as it is typed. */
export interface LevelRow {
  id: string | null
  name_zh: string
  name_en: string
  threshold: number | undefined
  /** In percent. */
  discount: string
  gift: string
}

const ALL = 10_000
const plain = (hundredths: number): string => formatFen(hundredths, 'en').replace(/[^\d.]/g, '')
const short = (text: string): string => text.replace(/\.?0+$/, '')

export const rowsFrom = (levels: readonly Level[]): LevelRow[] =>
  levels.map(({ id, name_zh, name_en, threshold, pays, gift_fen }) => ({
    id,
    name_zh,
    name_en,
    threshold,
    discount: pays === ALL ? '0' : short(plain(ALL - pays)),
    gift: gift_fen === 0 ? '' : plain(gift_fen),
  }))

/** One above the last. */
export function newRow(rows: readonly LevelRow[]): LevelRow {
  const last = rows.at(-1)
  const threshold = last?.threshold === undefined ? undefined : last.threshold * 2
  return { id: null, name_zh: '', name_en: '', threshold, discount: last?.discount ?? '', gift: '' }
}

/** A percentage has two decimals at most, as an amount has. */
const paysOf = (discount: string): number | null => {
  const off = parseYuan(discount)
  return off === null ? null : ALL - off
}

type Trouble = 'name' | 'threshold' | 'rising' | 'discount' | 'smaller' | 'money'

/** The first thing that is wrong with each row; the server looks again. */
export function rowTroubles(rows: readonly LevelRow[]): (Trouble | null)[] {
  return rows.map((row, n) => {
    const below = rows[n - 1]
    const pays = paysOf(row.discount)
    if (!row.name_zh.trim() || !row.name_en.trim()) return 'name'
    if (!row.threshold) return 'threshold'
    if (below?.threshold !== undefined && below.threshold >= row.threshold) return 'rising'
    if (pays === null || pays < ALL / 2) return 'discount'
    if (below && (paysOf(below.discount) ?? ALL) < pays) return 'smaller'
    return row.gift.trim() && parseYuan(row.gift) === null ? 'money' : null
  })
}

/** What is sent, of rows without troubles. */
export const formsOf = (rows: readonly LevelRow[]): LevelForm[] =>
  rows.map((row) => ({
    ...(row.id === null ? {} : { id: row.id }),
    name_zh: row.name_zh.trim(),
    name_en: row.name_en.trim(),
    threshold: row.threshold ?? 0,
    pays: paysOf(row.discount) ?? ALL,
    gift_fen: parseYuan(row.gift) ?? 0,
  }))
