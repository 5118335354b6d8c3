import { describe, expect, it } from 'vitest'
import { formatFen, parseYuan } from '@/shared/money'

describe('fen', () => {
  it('are shown as yuan with two decimals, and separators', () => {
    const shown = [0, 1, 10, 99, 100, 1234, 123456789].map((fen) => formatFen(fen, 'zh-CN'))
    expect(shown).toEqual(['¥0.00', '¥0.01', '¥0.10', '¥0.99', '¥1.00', '¥12.34', '¥1,234,567.89'])
  })

  it('keep their sign, also below one yuan', () => {
    expect([-1, -50, -1234].map((fen) => formatFen(fen, 'en'))).toEqual(['\u2212¥0.01', '\u2212¥0.50', '\u2212¥12.34'])
  })

  it('are exact where a product of decimals is not', () => {
    expect(['1.1', '4.35', '0.29', '1.15', '8.2', '19.99'].map(parseYuan)).toEqual([110, 435, 29, 115, 820, 1999])
  })

  it('come back from what was shown', () => {
    for (const fen of [0, 1, 7, 10, 99, 100, 101, 3600, 99999, 123456789]) {
      expect(parseYuan(formatFen(fen, 'en')), String(fen)).toBe(fen)
    }
  })
})

describe('what is typed as yuan', () => {
  it('may leave out decimals, and carry separators', () => {
    expect(['36', '36.', '36.5', '36.50', ' 36.5 ', '0036', '1,234.5', '12,345,678'].map(parseYuan)).toEqual([
      3600, 3600, 3650, 3650, 3650, 3600, 123450, 1234567800,
    ])
  })

  it('may come from a Chinese keyboard', () => {
    expect(['\uff13\uff16\uff0e\uff15', '36\u30025', '\uffe536', '¥ 36'].map(parseYuan)).toEqual([
      3650, 3650, 3600, 3600,
    ])
  })

  it('is no amount where it is anything else: nothing is rounded or guessed', () => {
    const none = ['', ' ', '.', '.5', '1.234', '-1', '+1', '1e3', '12,34', '1 2', '1.2.3', 'abc', '0x10', 'NaN']
    expect(none.filter((text) => parseYuan(text) !== null)).toEqual([])
  })

  it('is no amount where it is too long to be held exactly', () => {
    expect(parseYuan('999999999999.99')).toBe(99999999999999)
    expect(parseYuan('1000000000000')).toBeNull()
    expect(parseYuan('000000000000001')).toBe(100)
  })
})
