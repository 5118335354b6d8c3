import { describe, expect, it } from 'vitest'
import { dayRange, formatCount, formatDelta, formatQuota, formatTime, zonedToUtc, zoneName } from '@/shared/format'
import { allows } from '@/shared/permissions'
import { safeReturnPath } from '@/shared/return-path'

describe('quota', () => {
  it('is shown with separators, and a change with its sign', () => {
    expect(formatQuota(1_234_567, 'zh-CN')).toBe('1,234,567')
    expect(formatDelta(500, 'en')).toBe('+500')
    expect(formatDelta(-12_000, 'en')).toBe('\u221212,000')
    expect(formatDelta(0, 'en')).toBe('0')
  })
})

describe('a figure', () => {
  it('that was not counted to its end says so', () => {
    expect(formatCount(1_000_000, true, 'zh-CN')).toBe('1,000,000+')
    expect(formatCount(999_999, false, 'en')).toBe('999,999')
  })
})

describe('times', () => {
  it('are shown in the installation zone, not in the browser zone', () => {
    expect(formatTime('2026-01-31T16:30:05Z', 'Asia/Shanghai')).toBe('2026-02-01 00:30')
    expect(formatTime('2026-01-31T16:30:05Z', 'Asia/Shanghai', 'second')).toBe('2026-02-01 00:30:05')
    expect(formatTime('2026-01-31T16:30:05Z', 'America/New_York', 'day')).toBe('2026-01-31')
  })

  it('name their zone', () => {
    const winter = new Date('2026-01-01T00:00:00Z')
    expect(zoneName('Asia/Shanghai', winter)).toBe('Asia/Shanghai (UTC+8)')
    expect(zoneName('Asia/Kolkata', winter)).toBe('Asia/Kolkata (UTC+5:30)')
    expect(zoneName('America/New_York', winter)).toBe('America/New_York (UTC\u22125)')
    expect(zoneName('UTC', winter)).toBe('UTC (UTC)')
  })

  it('go back to UTC from what a person picked, on both sides of summer time', () => {
    expect(zonedToUtc('2026-03-01', 'Asia/Shanghai')).toBe('2026-02-28T16:00:00.000Z')
    expect(zonedToUtc('2026-03-01 12:30:00', 'Asia/Shanghai')).toBe('2026-03-01T04:30:00.000Z')
    expect(zonedToUtc('2026-03-08 12:00', 'America/New_York')).toBe('2026-03-08T16:00:00.000Z')
    expect(zonedToUtc('2026-03-08', 'America/New_York')).toBe('2026-03-08T05:00:00.000Z')
  })

  it('make a half-open range of whole days', () => {
    expect(dayRange('2026-02-28', '2026-02-28', 'Asia/Shanghai')).toEqual({
      from: '2026-02-27T16:00:00.000Z',
      to: '2026-02-28T16:00:00.000Z',
    })
    expect(dayRange('', '', 'Asia/Shanghai')).toEqual({ from: undefined, to: undefined })
  })
})

describe('return paths', () => {
  it('stay in this console', () => {
    expect(safeReturnPath('/users?state=active')).toBe('/users?state=active')
    for (const bad of [
      '//evil.example',
      '/\\evil.example',
      'https://evil.example',
      'users',
      undefined,
      ['/a'],
      '/sign-in',
    ]) {
      expect(safeReturnPath(bad)).toBeNull()
    }
  })
})

describe('permissions', () => {
  it('ask for any one', () => {
    expect(allows(['keys.view'], undefined)).toBe(true)
    expect(allows(['keys.view'], 'users.manage')).toBe(false)
    expect(allows(['keys.view'], ['users.manage', 'keys.view'])).toBe(true)
  })
})
