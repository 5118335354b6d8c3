import type { NewVenue, Tariff, Venue } from '@/api/types'
import { parseYuan } from '@/shared/money'

/** As it is typed; the names are those of what the server refuses. */
export interface HallParticulars {
  name: string
  address: string
  phone: string
  time_zone: string
  around: boolean
  opens: number
  closes: number
}

export interface HallPrices {
  'tariff.per_hour': string
  'tariff.unit_minutes': number | undefined
  'tariff.grace_minutes': number | undefined
  'tariff.minimum': string
  'tariff.session_cap': string
}

export type HallForm = HallParticulars & HallPrices

export const emptyHall = (zone: string): HallForm => ({
  name: '',
  address: '',
  phone: '',
  time_zone: zone,
  around: true,
  opens: 10 * 60,
  closes: 2 * 60,
  'tariff.per_hour': '',
  'tariff.unit_minutes': 5,
  'tariff.grace_minutes': 3,
  'tariff.minimum': '',
  'tariff.session_cap': '',
})

export type Trouble = 'name' | 'money' | 'unit' | 'grace' | 'hours'

const between = (value: number | undefined, least: number, most: number): boolean =>
  value !== undefined && value >= least && value <= most
const noMoney = (text: string): Trouble | undefined => (parseYuan(text) === null ? 'money' : undefined)
const noMoneyUnlessEmpty = (text: string): Trouble | undefined => (text.trim() ? noMoney(text) : undefined)

/** What can be said before asking the server. */
export const particularsTroubles = (form: HallParticulars): Partial<Record<keyof HallParticulars, Trouble>> => ({
  name: form.name.trim() ? undefined : 'name',
  opens: !form.around && form.opens === form.closes ? 'hours' : undefined,
})

export function pricesTroubles(form: HallPrices): Partial<Record<keyof HallPrices, Trouble>> {
  return {
    'tariff.per_hour': noMoney(form['tariff.per_hour']),
    'tariff.unit_minutes': between(form['tariff.unit_minutes'], 1, 60) ? undefined : 'unit',
    'tariff.grace_minutes': between(form['tariff.grace_minutes'], 0, 9) ? undefined : 'grace',
    'tariff.minimum': noMoneyUnlessEmpty(form['tariff.minimum']),
    'tariff.session_cap': noMoneyUnlessEmpty(form['tariff.session_cap']),
  }
}

export const hallTroubles = (form: HallForm): Partial<Record<keyof HallForm, Trouble>> => ({
  ...particularsTroubles(form),
  ...pricesTroubles(form),
})

/** What is sent, of a form without troubles. */
export const particularsOf = (form: HallParticulars) => ({
  name: form.name.trim(),
  address: form.address.trim(),
  phone: form.phone.trim(),
  time_zone: form.time_zone,
  opens: form.around ? null : form.opens,
  closes: form.around ? null : form.closes,
})

/** What is left empty does not apply. */
export const pricesOf = (form: HallPrices): Tariff => ({
  per_hour: parseYuan(form['tariff.per_hour']) ?? 0,
  unit_minutes: form['tariff.unit_minutes'] ?? 1,
  grace_minutes: form['tariff.grace_minutes'] ?? 0,
  minimum: parseYuan(form['tariff.minimum']),
  session_cap: parseYuan(form['tariff.session_cap']),
})

export const hallOf = (form: HallForm): NewVenue => ({ ...particularsOf(form), tariff: pricesOf(form) })

/** A hall as it is, to be changed. */
export const particularsFrom = (hall: Venue): HallParticulars => ({
  name: hall.name,
  address: hall.address,
  phone: hall.phone,
  time_zone: hall.time_zone,
  around: hall.opens === null || hall.closes === null,
  opens: hall.opens ?? 10 * 60,
  closes: hall.closes ?? 2 * 60,
})
