import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { sha256 } from '@/shared/sha256'
import { leadingZeroBits, likelihood, proves, search } from '@/shared/work'

const hex = (digest: Int32Array) => Array.from(digest, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('')

describe('sha256', () => {
  it('agrees with the reference for every length around the block edges', () => {
    for (let length = 0; length <= 200; length++) {
      const message = Uint8Array.from({ length }, (_, index) => (index * 37 + length) & 0xff)
      expect(hex(sha256(message)), `length ${length}`).toBe(createHash('sha256').update(message).digest('hex'))
    }
  })
})

describe('proof of work', () => {
  it('counts leading zero bits', () => {
    expect(leadingZeroBits(Int32Array.of(0x0000_ffff, 0))).toBe(16)
    expect(leadingZeroBits(Int32Array.of(-1))).toBe(0)
    expect(leadingZeroBits(Int32Array.of(0, 1))).toBe(63)
  })

  it('finds the smallest number that the server will accept', () => {
    const work = { salt: 'c2FsdA', bits: 10 }
    const answer = search(work, 0, 100_000)
    expect(answer).not.toBeNull()
    const digest = createHash('sha256').update(`${work.salt}:${answer}`).digest()
    expect(digest[0]).toBe(0)
    expect((digest[1] ?? 255) >> 6).toBe(0)
    for (let n = 0; n < (answer ?? 0); n++) expect(proves(work, n)).toBe(false)
  })

  it('answers null when the tries do not suffice, and shows honest progress', () => {
    expect(search({ salt: 'x', bits: 60 }, 0, 50)).toBeNull()
    expect(likelihood({ salt: 'x', bits: 10 }, 0)).toBe(0)
    expect(likelihood({ salt: 'x', bits: 10 }, 1024)).toBeCloseTo(1 - 1 / Math.E)
  })
})
