import { describe, expect, it } from 'vitest'
import { ServerClock } from '@/shared/clock'
import { clockText, playLeft, secondsLeft, secondsSince } from '@/shared/countdown'
import { minutesText } from '@/shared/minutes'
import { Resend } from '@/shared/resend'
import { fullTime, instant, wallClock } from '@/shared/time'
import { whenText } from '@/shared/when'

const NOW = Date.UTC(2026, 10, 28, 12, 0, 0)

describe('an instant', () => {
  it('is read from RFC 3339, with fractions and offsets', () => {
    expect(instant('2026-11-28T12:00:00Z')).toBe(NOW)
    expect(instant('2026-11-28T12:00:00.123456Z')).toBe(NOW + 123)
    expect(instant('2026-11-28T12:00:00.5Z')).toBe(NOW + 500)
    expect(instant('2026-11-28T20:00:00+08:00')).toBe(NOW)
    expect(instant('2026-11-28T07:30:00-04:30')).toBe(NOW)
  })

  it('is nothing for other texts', () => {
    for (const text of ['', 'soon', '2026-11-28', '2026-11-28 12:00:00']) expect(instant(text)).toBeNaN()
  })
})

describe('the hall’s wall clock', () => {
  it('is eight hours ahead of UTC, over midnight too', () => {
    expect(wallClock(NOW)).toMatchObject({ year: '2026', date: '11-28', time: '20:00' })
    expect(fullTime('2026-12-31T16:30:00Z')).toBe('2027-01-01 00:30')
    expect(fullTime('not a time')).toBe('not a time')
  })

  it('is the hall’s own wherever that is, and is put back with its zone', () => {
    const berlin = { ahead_minutes: 120, changes_at: '2026-10-25T01:00:00Z', then_minutes: 60 }
    expect(wallClock(Date.UTC(2026, 9, 25, 0, 59), berlin).time).toBe('02:59')
    expect(wallClock(Date.UTC(2026, 9, 25, 1, 0), berlin).time).toBe('02:00')
    const newYork = { ahead_minutes: -300, changes_at: null, then_minutes: null }
    expect(whenText('2026-11-28T17:30:00Z', NOW, newYork)).toBe('12:30')
    expect(whenText('2026-11-29T05:30:00Z', NOW, newYork)).toBe('明天 00:30')
    expect(fullTime('2027-01-01T04:30:00Z', newYork)).toBe('2026-12-31 23:30')
  })

  it('names the day where it is not today', () => {
    expect(whenText('2026-11-28T13:30:00Z', NOW)).toBe('21:30')
    expect(whenText('2026-11-28T17:30:00Z', NOW)).toBe('明天 01:30')
    expect(whenText('2026-11-27T15:00:00Z', NOW)).toBe('昨天 23:00')
    expect(whenText('2026-11-20T04:00:00Z', NOW)).toBe('11-20 12:00')
    expect(whenText('2025-11-20T04:00:00Z', NOW)).toBe('2025-11-20 12:00')
  })
})

describe('the countdown', () => {
  it('counts a begun second, and stops at zero', () => {
    expect(secondsLeft('2026-11-28T12:00:10Z', NOW)).toBe(10)
    expect(secondsLeft('2026-11-28T12:00:10Z', NOW + 1)).toBe(10)
    expect(secondsLeft('2026-11-28T12:00:10Z', NOW + 9_001)).toBe(1)
    expect(secondsLeft('2026-11-28T12:00:10Z', NOW + 10_000)).toBe(0)
    expect(secondsLeft('2026-11-28T12:00:10Z', NOW + 99_000)).toBe(0)
    expect(secondsLeft(null, NOW)).toBeNull()
  })

  it('counts up from a begin', () => {
    expect(secondsSince('2026-11-28T11:59:50Z', NOW)).toBe(10)
    expect(secondsSince('2026-11-28T12:00:50Z', NOW)).toBe(0)
    expect(secondsSince(null, NOW)).toBeNull()
  })

  it('stands still in a pause, which puts the end off', () => {
    const pause = { since: null, ends: null, left_seconds: 600, over_seconds: 0, offered: true, lit: false }
    const session = { paid_until: '2026-11-28T12:30:00Z', now: '2026-11-28T12:00:00Z', pause }
    expect(playLeft(session, NOW + 60_000)).toBe(29 * 60)
    const paused = { ...session, pause: { ...pause, since: '2026-11-28T11:59:00Z' } }
    expect(playLeft(paused, NOW + 60_000)).toBe(30 * 60)
    expect(playLeft({ ...session, paid_until: null }, NOW)).toBeNull()
  })

  it('shows hours only where there are any', () => {
    expect(clockText(0)).toBe('00:00')
    expect(clockText(65)).toBe('01:05')
    expect(clockText(3_599)).toBe('59:59')
    expect(clockText(3_600)).toBe('1:00:00')
    expect(clockText(36_061)).toBe('10:01:01')
  })

  it('runs by the server’s clock, however wrong this device’s is', () => {
    const clock = new ServerClock()
    const local = NOW - 7 * 3_600_000
    clock.learn('2026-11-28T12:00:00Z', local - 100, local + 100)
    expect(clock.now(local)).toBe(NOW)
    expect(secondsLeft('2026-11-28T12:01:00Z', clock.now(local + 30_000))).toBe(30)
    clock.learn('nonsense', local, local)
    expect(clock.now(local)).toBe(NOW)
  })

  it('is put right by the head of any answer, and to the second only where it is not known better', () => {
    const clock = new ServerClock()
    const local = NOW + 15 * 60_000
    const date = new Date(NOW).toUTCString()
    clock.hear(date, local, local + 200)
    expect(Math.abs(clock.now(local) - NOW)).toBeLessThan(1_000)
    clock.learn('2026-11-28T12:00:00.700Z', local, local)
    clock.hear(date, local - 100, local + 100)
    expect(clock.now(local)).toBe(NOW + 700)
    // Somebody sets the device's clock.
    clock.hear(date, NOW + 100, NOW + 300)
    expect(Math.abs(clock.now(NOW) - NOW)).toBeLessThan(1_000)
    clock.hear('soon', local, local)
    expect(Math.abs(clock.now(NOW) - NOW)).toBeLessThan(1_000)
  })

  it('holds back a second code for as long as the server said', () => {
    let now = NOW
    const resend = new Resend(() => now)
    expect(resend.secondsLeft(now)).toBe(0)
    resend.after(60)
    expect(resend.secondsLeft(now)).toBe(60)
    now += 59_500
    expect(resend.secondsLeft(now)).toBe(1)
    expect(resend.secondsLeft(now + 500)).toBe(0)
  })
})

describe('a length', () => {
  it('is in hours where it is whole hours', () => {
    expect([30, 60, 90, 120].map(minutesText)).toEqual(['30 分钟', '1 小时', '90 分钟', '2 小时'])
  })
})
