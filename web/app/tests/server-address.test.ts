import { describe, expect, it } from 'vitest'
import { codesOf, serverOf } from '../scripts/server-address.mjs'

describe('a build', () => {
  it('of a mini-program is told its server, without a slash at the end', () => {
    expect(serverOf('mp-weixin', 'https://hall.example')).toBe('https://hall.example')
    expect(serverOf('mp-weixin', ' https://hall.example:8443/ ')).toBe('https://hall.example:8443')
  })

  it('of a mini-program fails without one, and says in both languages how it is told', () => {
    for (const nothing of [undefined, '', ' ']) {
      expect(() => serverOf('mp-weixin', nothing)).toThrow(
        /请这样构建：CUEKEY_SERVER=https:\/\/[\s\S]*Build it so: CUEKEY_SERVER=/,
      )
    }
  })

  it('of a mini-program fails with what WeChat would not let it ask', () => {
    for (const wrong of [
      'hall.example',
      'http://hall.example',
      'https://hall.example/m/',
      'https://',
      'https://hall',
    ]) {
      expect(() => serverOf('mp-weixin', wrong), wrong).toThrow(/不能用[\s\S]*cannot be/)
    }
  })

  it('for browsers needs none: the pages come from it', () => {
    expect([serverOf('h5', undefined), serverOf(undefined, 'https://hall.example')]).toEqual(['', ''])
  })

  it('is told of other addresses that stand in printed codes', () => {
    expect(codesOf(undefined)).toEqual([])
    expect(codesOf('https://old.example/, http://older.example:81,')).toEqual([
      'https://old.example',
      'http://older.example:81',
    ])
    expect(() => codesOf('https://old.example/m/')).toThrow(/不能用[\s\S]*cannot be/)
  })
})
