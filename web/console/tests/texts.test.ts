import { describe, expect, it } from 'vitest'
import zh from '@/locales/zh-CN'
import { withheld } from '@/views/texts/reason'

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
