import type { EChartsCoreOption } from 'echarts/core'
import type { Home, KeyCounts, KeyState, Role } from '@/api/types'
import { toneColours, tones } from '@/shared/status'

export type Day = Home['verifications'][number]

export const KEY_STATES: readonly KeyState[] = ['active', 'unused', 'expired', 'disabled']

export interface Slice {
  state: KeyState
  count: number
  /** They were not counted to their end. */
  more: boolean
  /** Of all, 0 to 1. */
  share: number
  /** Where it begins on the ring, 0 to 1. */
  start: number
  colour: string
}

/** The ring's slices in the order of the legend; none when there are no keys. */
export function slices(counts: KeyCounts): Slice[] {
  const all = KEY_STATES.reduce((sum, state) => sum + counts[state], 0)
  let start = 0
  return KEY_STATES.map((state) => {
    const share = all === 0 ? 0 : counts[state] / all
    const count = counts[state]
    const slice = { state, count, more: count >= counts.most, share, start, colour: toneColours[tones.key[state]] }
    start += share
    return slice
  })
}

export interface Totals {
  all: number
  /** Null when nothing was verified. */
  acceptedShare: number | null
}

export function totals(days: readonly Day[]): Totals {
  const accepted = days.reduce((sum, day) => sum + day.accepted, 0)
  const all = days.reduce((sum, day) => sum + day.accepted + day.refused, 0)
  return { all, acceptedShare: all === 0 ? null : accepted / all }
}

/** Never rounds to 100 % what is not all, nor to 0 % what is not none. */
export function percent(share: number, locale: string): string {
  const rounded = Math.round(share * 1000) / 1000
  const honest = share < 1 && rounded === 1 ? 0.999 : share > 0 && rounded === 0 ? 0.001 : rounded
  return new Intl.NumberFormat(locale, { style: 'percent', maximumFractionDigits: 1 }).format(honest)
}

/** `2026-03-09` as `03-09`: the year says nothing within two weeks. */
export const shortDay = (day: string): string => day.slice(5)

export function chartOptions(
  days: readonly Day[],
  texts: { accepted: string; refused: string },
  number: (value: number) => string,
): EChartsCoreOption {
  const series = (name: string, values: number[], color: string) => ({
    name,
    type: 'bar',
    stack: 'all',
    data: values,
    itemStyle: { color },
    barMaxWidth: 26,
    emphasis: { disabled: true },
  })
  return {
    animationDuration: 300,
    grid: { left: 4, right: 4, top: 12, bottom: 4, outerBoundsMode: 'same' },
    tooltip: {
      trigger: 'axis',
      axisPointer: { type: 'shadow' },
      valueFormatter: (value: unknown) => number(Number(value)),
    },
    xAxis: {
      type: 'category',
      data: days.map(({ day }) => shortDay(day)),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: '#c8d0cc' } },
      axisLabel: { color: '#52605a', hideOverlap: true },
    },
    yAxis: {
      type: 'value',
      minInterval: 1,
      splitNumber: 4,
      splitLine: { lineStyle: { color: '#e8ecea' } },
      axisLabel: { color: '#52605a', formatter: (value: number) => number(value) },
    },
    series: [
      series(
        texts.accepted,
        days.map((day) => day.accepted),
        toneColours.success,
      ),
      series(
        texts.refused,
        days.map((day) => day.refused),
        toneColours.danger,
      ),
    ],
  }
}

/** Whole days until then, in steps of 24 hours; 0 is within a day. */
export const daysLeft = (until: string, now: number): number =>
  Math.max(0, Math.floor((new Date(until).getTime() - now) / 86_400_000))

export type StepName = 'apply' | 'quota' | 'generate' | 'project' | 'users' | 'grant' | 'agents'
export interface Step {
  name: StepName
  to: string
  done: boolean
}

/** Nothing has happened yet: no keys, no batches, no calls. Such a home tells the way instead of showing empty charts. */
export const isFresh = (home: Home): boolean =>
  home.recent_batches.length === 0 &&
  (home.keys === null || KEY_STATES.every((state) => home.keys?.[state] === 0)) &&
  totals(home.verifications).all === 0

/** What somebody who begins should do, in order. `granted`: holds a grant; `projects`: there is a project. */
export function firstSteps(role: Role, home: Home, known: { granted: boolean; projects: boolean }): Step[] {
  const quota = { name: 'quota' as const, to: '/quota', done: (home.quota?.total ?? 0) > 0 }
  const apply = { name: 'apply' as const, to: '/applications', done: known.granted }
  const generate = { name: 'generate' as const, to: '/batches', done: false }
  switch (role) {
    case 'super_admin':
      return [
        { name: 'project', to: '/projects', done: known.projects },
        { name: 'users', to: '/users', done: (home.users ?? 0) > 1 },
        { name: 'grant', to: '/grants', done: known.granted },
      ]
    case 'agent_admin':
      return [apply, quota, { name: 'agents', to: '/users', done: (home.users ?? 0) > 0 }, generate]
    case 'agent':
      return [apply, quota, generate]
    default:
      return []
  }
}
