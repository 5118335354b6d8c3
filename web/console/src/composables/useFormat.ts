import { computed } from 'vue'
import { useI18n } from 'vue-i18n'
import {
  dayRange,
  formatCount,
  formatDelta,
  formatQuota,
  formatTime,
  zonedToUtc,
  zoneName,
  type TimeStyle,
} from '@/shared/format'
import { formatFen } from '@/shared/money'
import { useSessionStore } from '@/stores/session'

/** Formatting bound to the current language and the installation's time zone. */
export function useFormat() {
  const { locale } = useI18n()
  const session = useSessionStore()
  const zone = computed(() => session.config.time_zone)
  return {
    quota: (amount: number) => formatQuota(amount, locale.value),
    count: (count: number, more: boolean) => formatCount(count, more, locale.value),
    delta: (amount: number) => formatDelta(amount, locale.value),
    money: (fen: number) => formatFen(fen, locale.value),
    time: (time: string, style?: TimeStyle) => formatTime(time, zone.value, style),
    zone: computed(() => zoneName(zone.value)),
    toUtc: (wall: string) => zonedToUtc(wall, zone.value),
    dayRange: (first: string, last: string) => dayRange(first, last, zone.value),
  }
}
