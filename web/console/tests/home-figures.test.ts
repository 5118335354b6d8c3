import { describe, expect, it } from 'vitest'
import type { Home } from '@/api/types'
import { chartOptions, daysLeft, firstSteps, isFresh, percent, slices, totals } from '@/views/home/figures'

const NOTHING: Home = {
  keys: { unused: 0, active: 0, expired: 0, disabled: 0, most: 1_000_000 },
  quota: null,
  users: null,
  pending_applications: 0,
  pending_withdrawals: 0,
  verifications: [{ day: '2026-03-01', accepted: 0, refused: 0 }],
  recent_batches: [],
  grants_ending: [],
  failing_deliveries: 0,
  counted_to: { users: 100_000, waiting: 1_000 },
}

describe('the ring of keys', () => {
  it('closes: slices follow one another and make up the whole', () => {
    const parts = slices({ unused: 50, active: 25, expired: 25, disabled: 0, most: 100 })
    expect(parts.map(({ state, start, share }) => [state, start, share])).toEqual([
      ['active', 0, 0.25],
      ['unused', 0.25, 0.5],
      ['expired', 0.75, 0.25],
      ['disabled', 1, 0],
    ])
  })

  it('is empty without keys, not broken', () => {
    const none = slices({ unused: 0, active: 0, expired: 0, disabled: 0, most: 100 })
    expect(none.every(({ share }) => share === 0)).toBe(true)
  })

  it('tells which of them were not counted to their end', () => {
    const parts = slices({ unused: 100, active: 99, expired: 0, disabled: 0, most: 100 })
    expect(parts.filter(({ more }) => more).map(({ state }) => state)).toEqual(['unused'])
  })
})

describe('verifications', () => {
  const days = [
    { day: '2026-03-01', accepted: 3, refused: 1 },
    { day: '2026-03-02', accepted: 6, refused: 0 },
  ]
  it('sum up, and have no share where there were none', () => {
    expect(totals(days)).toEqual({ all: 10, acceptedShare: 0.9 })
    expect(totals([])).toEqual({ all: 0, acceptedShare: null })
  })

  it('become two stacked rows over short days', () => {
    const options = chartOptions(days, { accepted: 'yes', refused: 'no' }, String)
    expect(options.xAxis).toMatchObject({ data: ['03-01', '03-02'] })
    expect(options.series).toMatchObject([
      { name: 'yes', stack: 'all', data: [3, 6] },
      { name: 'no', stack: 'all', data: [1, 0] },
    ])
  })

  it('never call nearly all all, nor a little nothing', () => {
    expect(percent(1, 'en')).toBe('100%')
    expect(percent(0.9999, 'en')).toBe('99.9%')
    expect(percent(0.00001, 'en')).toBe('0.1%')
    expect(percent(0, 'en')).toBe('0%')
    expect(percent(0.9415, 'en')).toBe('94.2%')
  })
})

describe('the first steps', () => {
  it('are shown only where nothing has happened', () => {
    expect(isFresh(NOTHING)).toBe(true)
    expect(isFresh({ ...NOTHING, keys: null })).toBe(true)
    expect(isFresh({ ...NOTHING, keys: { unused: 1, active: 0, expired: 0, disabled: 0, most: 100 } })).toBe(false)
    expect(isFresh({ ...NOTHING, verifications: [{ day: '2026-03-01', accepted: 0, refused: 1 }] })).toBe(false)
  })

  it('tell an agent to apply, to get quota and to generate, in this order', () => {
    const quota = { available: 5, held: 0, total: 5, transfer_minimum: 0, withdrawal_minimum: 0 }
    const steps = firstSteps('agent', { ...NOTHING, quota }, { granted: false, projects: false })
    expect(steps.map(({ name, done }) => [name, done])).toEqual([
      ['apply', false],
      ['quota', true],
      ['generate', false],
    ])
  })

  it('do not count a super admin itself as a user it created', () => {
    const steps = firstSteps('super_admin', { ...NOTHING, users: 1 }, { granted: false, projects: true })
    expect(steps.map(({ done }) => done)).toEqual([true, false, false])
  })
})

it('days left are whole days, and never less than none', () => {
  const now = Date.parse('2026-03-01T00:00:00Z')
  expect(daysLeft('2026-03-01T20:00:00Z', now)).toBe(0)
  expect(daysLeft('2026-03-03T01:00:00Z', now)).toBe(2)
  expect(daysLeft('2026-02-01T00:00:00Z', now)).toBe(0)
})
