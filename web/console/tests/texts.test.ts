import { describe, expect, it } from 'vitest'
import zh from '@/locales/zh-CN'
import { unsaid, withheld } from '@/views/texts/reason'

describe('why a text was withheld', () => {
  it('is said in our words, with the name that has to be changed', () => {
    expect(withheld({ state: 'withheld', reason: 'DAILY_LIMIT' })).toEqual({ part: null, why: 'DAILY_LIMIT' })
    expect(withheld({ state: 'withheld', reason: 'table: ADDRESS' })).toEqual({ part: 'table', why: 'ADDRESS' })
    expect(withheld({ state: 'withheld', reason: 'hall: EMPTY' })).toEqual({ part: 'hall', why: 'EMPTY' })
  })

  it('stays as it is where it is the provider’s, or not known', () => {
    expect(withheld({ state: 'failed', reason: 'EMPTY' })).toBeNull()
    expect(withheld({ state: 'withheld', reason: 'table: OTHER' })).toBeNull()
    expect(withheld({ state: 'withheld', reason: null })).toBeNull()
  })

  it('has a text for each', () => {
    expect(Object.keys(zh.texts.withheld)).toEqual(['DAILY_LIMIT', 'ADDRESS', 'EMPTY', 'of'])
  })
})

describe('why a text failed', () => {
  it('is said in our words where it is not the provider who says so', () => {
    expect(unsaid({ state: 'failed', reason: 'NO_ANSWER' })).toEqual({ why: 'NO_ANSWER', more: null })
    expect(unsaid({ state: 'queued', reason: 'UNREADABLE: HTTP 503' })).toEqual({ why: 'UNREADABLE', more: 'HTTP 503' })
    expect(unsaid({ state: 'failed', reason: 'isv.AMOUNT_NOT_ENOUGH: no money' })).toBeNull()
    expect(unsaid({ state: 'withheld', reason: 'NO_ANSWER' })).toBeNull()
    expect(unsaid({ state: 'delivered', reason: null })).toBeNull()
  })

  it('has a text for each', () => {
    expect(Object.keys(zh.texts.unsaid)).toEqual(['NO_ANSWER', 'UNREADABLE', 'NOT_CONFIGURED', 'GONE', 'with'])
  })
})
