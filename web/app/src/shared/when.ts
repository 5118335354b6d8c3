import type { HallClock } from '@/api/types'
import { t } from '@/locales'
import { serverClock } from './clock'
import { instant, wallClock } from './time'

/** `20:30` today, `tomorrow 01:30`, else with the date: by the clock of the hall that it is about. */
export function whenText(text: string | number, now: number = serverClock.now(), clock?: HallClock): string {
  const at = typeof text === 'number' ? text : instant(text)
  if (Number.isNaN(at)) return String(text)
  const [then, today] = [wallClock(at, clock), wallClock(now, clock)]
  if (then.day === today.day) return then.time
  if (then.day === today.day + 1) return t('common.time.tomorrow', { time: then.time })
  if (then.day === today.day - 1) return t('common.time.yesterday', { time: then.time })
  return `${then.year === today.year ? '' : `${then.year}-`}${then.date} ${then.time}`
}
