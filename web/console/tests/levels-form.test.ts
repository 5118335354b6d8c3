import { describe, expect, it } from 'vitest'
import { formsOf, newRow, rowsFrom, rowTroubles } from '@/views/levels/levels-form'

const levels = [
  { id: 'lvl_1', name_zh: '银卡', name_en: 'Silver', threshold: 300, pays: 9_500, gift_fen: 0 },
  { id: 'lvl_2', name_zh: '金卡', name_en: 'Gold', threshold: 1_000, pays: 8_850, gift_fen: 2_000 },
]

describe('the form of levels', () => {
  it('holds what is there, and sends it back unchanged', () => {
    expect(rowsFrom(levels).map(({ discount }) => discount)).toEqual(['5', '11.5'])
    expect(formsOf(rowsFrom(levels))).toEqual(levels)
    expect(rowsFrom([{ ...levels[0]!, pays: 10_000 }])[0]?.discount).toBe('0')
    expect(rowsFrom([{ ...levels[0]!, pays: 8_000 }])[0]?.discount).toBe('20')
  })

  it('says what is wrong with a row', () => {
    const rows = rowsFrom(levels)
    expect(rowTroubles(rows)).toEqual([null, null])
    const wrong = (change: object) => rowTroubles([rows[0]!, { ...rows[1]!, ...change }])[1]
    expect(wrong({ name_en: ' ' })).toBe('name')
    expect(wrong({ threshold: undefined })).toBe('threshold')
    expect(wrong({ threshold: 300 })).toBe('rising')
    expect(wrong({ discount: '50.01' })).toBe('discount')
    expect(wrong({ discount: '4' })).toBe('smaller')
    expect(wrong({ gift: 'x' })).toBe('money')
  })

  it('suggests a level above the last', () => {
    expect(newRow(rowsFrom(levels))).toMatchObject({ id: null, threshold: 2_000, discount: '11.5' })
    expect(newRow([]).threshold).toBeUndefined()
  })
})
