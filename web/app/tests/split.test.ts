import { describe, expect, it } from 'vitest'
import { shareStates, splitEnds } from '@/api/types'
import { knownKey } from '@/locales'
import { scannedOf, scannedOfQuery } from '@/shared/scan'
import { byAmounts, evenly } from '@/shared/split'

describe('a bill that is shared', () => {
  it('is divided evenly to the fen, and what is left over is the starter’s', () => {
    expect(evenly(1_200, 3)).toEqual({ each: 400, own: 400 })
    expect(evenly(1_000, 3)).toEqual({ each: 333, own: 334 })
    expect(evenly(600, 7)).toEqual({ each: 85, own: 90 })
    for (let people = 2; people <= 20; people += 1) {
      const { each, own } = evenly(3_599, people)
      expect(each * (people - 1) + own).toBe(3_599)
    }
  })

  it('is divided by amounts, and the starter keeps at least a fen', () => {
    expect(byAmounts(3_600, ['12', '6.5'])).toEqual({ others: [1_200, 650], own: 1_750 })
    expect(byAmounts(3_600, ['35.99'])).toEqual({ others: [3_599], own: 1 })
    expect(byAmounts(3_600, ['36'])).toEqual({ problem: 'over', at: 0 })
    expect(byAmounts(3_600, ['12', '0'])).toEqual({ problem: 'wrong', at: 1 })
    expect(byAmounts(3_600, ['x', '12'])).toEqual({ problem: 'wrong', at: 0 })
    expect(byAmounts(3_600, ['-1'])).toEqual({ problem: 'wrong', at: 0 })
  })

  it('is found by its link, however the app is opened', () => {
    const [ours, link] = [['https://hall.example'], 'https://hall.example/m/?split=abc123']
    const found = { is: 'split', code: 'abc123' }
    expect(scannedOfQuery({ split: 'abc123' }, ours)).toEqual(found)
    expect(scannedOfQuery({ q: encodeURIComponent(link) }, ours)).toEqual(found)
    expect(scannedOf(link, ours)).toEqual(found)
    expect(scannedOf(link, ['https://other.example'])).toEqual({ is: 'elsewhere', host: 'hall.example' })
  })

  it('has a word for each state of a share, and each end', () => {
    for (const state of shareStates) expect(knownKey(`split.state.${state}`), state).not.toBeNull()
    for (const end of splitEnds) expect(knownKey(`split.end.${end}`), end).not.toBeNull()
  })
})
