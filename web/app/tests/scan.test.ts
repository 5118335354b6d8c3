import { describe, expect, it } from 'vitest'
import { looksLikeCode, looksLikePhone, cleanPhone } from '@/shared/phone'
import { codeOfQuery, codeOfText } from '@/shared/scan'

describe('a scanned code', () => {
  it('is found in our address, or stands alone', () => {
    expect(codeOfText('https://hall.example/m/?t=K7Q2M9')).toBe('K7Q2M9')
    expect(codeOfText('https://hall.example/m/?x=1&t=K7Q2M9#top')).toBe('K7Q2M9')
    expect(codeOfText(' K7Q2M9 ')).toBe('K7Q2M9')
    expect(codeOfText('t=K7Q2M9')).toBe('K7Q2M9')
  })

  it('is none in what is something else', () => {
    for (const text of ['', 'https://elsewhere.example/menu', 'https://hall.example/m/?t=', 'a b', 'x']) {
      expect(codeOfText(text)).toBeNull()
    }
  })

  it('comes by a browser’s query, a mini-program’s scene, or an ordinary code opened in WeChat', () => {
    expect(codeOfQuery({ t: 'K7Q2M9' })).toBe('K7Q2M9')
    expect(codeOfQuery({ scene: 't%3DK7Q2M9' })).toBe('K7Q2M9')
    expect(codeOfQuery({ scene: 'K7Q2M9' })).toBe('K7Q2M9')
    expect(codeOfQuery({ q: 'https%3A%2F%2Fhall.example%2Fm%2F%3Ft%3DK7Q2M9' })).toBe('K7Q2M9')
    expect(codeOfQuery({ q: '%E0%A4%A' })).toBeNull()
    expect(codeOfQuery({})).toBeNull()
  })
})

describe('what is typed', () => {
  it('may have spaces in it; which numbers are taken, the server decides', () => {
    expect(cleanPhone('138 0013-8000')).toBe('13800138000')
    expect([looksLikePhone('13800138000'), looksLikePhone('+8613800138000')]).toEqual([true, true])
    expect([looksLikePhone(''), looksLikePhone('138'), looksLikePhone('phone')]).toEqual([false, false, false])
    expect([looksLikeCode('012345'), looksLikeCode('12345'), looksLikeCode('12345a')]).toEqual([true, false, false])
  })
})
