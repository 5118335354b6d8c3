import type { Band, Days, Hours, Package, Prices, Tariff } from '@/api/types'
import { formatFen, parseYuan } from '@/shared/money'
import { pricesOf, pricesTroubles, type HallPrices, type Trouble } from '../floor/hall-form'

/** Beside the seven weekdays, Monday first. */
export const HOLIDAY = 7
export const DAYS = [0, 1, 2, 3, 4, 5, 6, HOLIDAY] as const

/** A band as it is typed. */
export interface BandForm {
  days: number[]
  from: number
  to: number
  per_hour: string
}

/** A package as it is typed. */
export interface PackageForm {
  id: number
  name_zh: string
  name_en: string
  night: boolean
  minutes: number | undefined
  from: number
  to: number
  price: string
  early: Package['early']
  days: number[]
  /** In these hours alone. */
  sold: { on: boolean; from: number; to: number }
}

/** As it is typed; the names are those of what the server refuses. */
export interface PricesForm extends HallPrices {
  name: string
  'tariff.bands': BandForm[]
  'tariff.night': { on: boolean; from: number; to: number; cap: string }
  'tariff.packages': PackageForm[]
}

const yuan = (fen: number | null | undefined): string =>
  fen === null || fen === undefined ? '' : formatFen(fen, 'en').replace(/[^\d.]/g, '')

export const newBand = (): BandForm => ({ days: [...DAYS], from: 18 * 60, to: 2 * 60, per_hour: '' })

const daysFrom = ({ weekdays, holidays }: Days): number[] =>
  DAYS.filter((day) => (day === HOLIDAY ? holidays : weekdays[day]))

const bandFrom = ({ days, hours, per_hour }: Band): BandForm => ({
  days: daysFrom(days),
  ...hours,
  per_hour: yuan(per_hour),
})

const NIGHT = { from: 22 * 60, to: 6 * 60 }
const SOLD = { from: 12 * 60, to: 18 * 60 }

/** With an id that none has: customers name a package by it. */
export const newPackage = (packages: readonly PackageForm[]): PackageForm => ({
  id: Math.max(0, ...packages.map(({ id }) => id)) + 1,
  name_zh: '',
  name_en: '',
  night: false,
  minutes: 180,
  ...NIGHT,
  price: '',
  early: 'cheaper',
  days: [...DAYS],
  sold: { on: false, ...SOLD },
})

const packageFrom = ({ id, name_zh, name_en, span, price, early, days, sold }: Package): PackageForm => ({
  id,
  name_zh,
  name_en,
  night: 'night' in span,
  minutes: 'minutes' in span ? span.minutes : 180,
  ...('night' in span ? span.night : NIGHT),
  price: yuan(price),
  early,
  days: days ? daysFrom(days) : [...DAYS],
  sold: { on: Boolean(sold), ...(sold ?? SOLD) },
})

/** Prices as they stand, to be changed. */
export const pricesFrom = ({ name, tariff }: Pick<Prices, 'name' | 'tariff'>): PricesForm => ({
  name,
  'tariff.per_hour': yuan(tariff.per_hour),
  'tariff.unit_minutes': tariff.unit_minutes,
  'tariff.grace_minutes': tariff.grace_minutes ?? 0,
  'tariff.minimum': yuan(tariff.minimum),
  'tariff.session_cap': yuan(tariff.session_cap),
  'tariff.bands': (tariff.bands ?? []).map(bandFrom),
  'tariff.night': {
    on: Boolean(tariff.night),
    ...(tariff.night?.hours ?? { from: 22 * 60, to: 8 * 60 }),
    cap: yuan(tariff.night?.cap),
  },
  'tariff.packages': (tariff.packages ?? []).map(packageFrom),
})

const hoursOf = ({ from, to }: Hours): Hours => ({ from, to })

const daysOf = (days: readonly number[]): Days => ({
  weekdays: DAYS.slice(0, HOLIDAY).map((day) => days.includes(day)),
  holidays: days.includes(HOLIDAY),
})

const bandOf = (band: BandForm): Band => ({
  days: daysOf(band.days),
  hours: hoursOf(band),
  per_hour: parseYuan(band.per_hour) ?? 0,
})

const packageOf = (form: PackageForm): Package => ({
  id: form.id,
  name_zh: form.name_zh.trim(),
  name_en: form.name_en.trim(),
  span: form.night ? { night: hoursOf(form) } : { minutes: form.minutes ?? 0 },
  price: parseYuan(form.price) ?? 0,
  early: form.early,
  days: daysOf(form.days),
  sold: form.sold.on ? hoursOf(form.sold) : null,
})

function packagesTrouble(packages: readonly PackageForm[]): Trouble | undefined {
  if (packages.some(({ name_zh, name_en }) => !name_zh.trim() || !name_en.trim())) return 'name'
  return packages.some(({ price }) => parseYuan(price) === null) ? 'money' : undefined
}

/** What can be said before asking the server. */
export function formTroubles(form: PricesForm): Partial<Record<keyof PricesForm, Trouble>> {
  const { on, cap } = form['tariff.night']
  return {
    ...pricesTroubles(form),
    name: form.name.trim() ? undefined : 'name',
    'tariff.bands': form['tariff.bands'].some((band) => parseYuan(band.per_hour) === null) ? 'money' : undefined,
    'tariff.night': on && parseYuan(cap) === null ? 'money' : undefined,
    'tariff.packages': packagesTrouble(form['tariff.packages']),
  }
}

export const isReady = (form: PricesForm): boolean =>
  Object.values(formTroubles(form)).every((trouble) => trouble === undefined)

/** What is sent, of a form without troubles. */
export function tariffOf(form: PricesForm): Tariff {
  const night = form['tariff.night']
  return {
    ...pricesOf(form),
    bands: form['tariff.bands'].map(bandOf),
    night: night.on ? { hours: hoursOf(night), cap: parseYuan(night.cap) ?? 0 } : null,
    packages: form['tariff.packages'].map(packageOf),
  }
}

/** `tariff.bands.2.hours` is about the third band. */
export function rowOf(field: string): { list: string; n: number } | null {
  const parts = /^(tariff\.\w+)\.(\d+)\./.exec(field)
  return parts ? { list: parts[1] ?? '', n: Number(parts[2]) } : null
}
