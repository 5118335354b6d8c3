import { sha256 } from './sha256'

export interface Work {
  salt: string
  bits: number
}

export function leadingZeroBits(digest: Int32Array): number {
  let bits = 0
  for (const word of digest) {
    if (word !== 0) return bits + Math.clz32(word)
    bits += 32
  }
  return bits
}

const encoder = new TextEncoder()

/** Whether SHA-256(salt + ":" + n) begins with `bits` zero bits. */
export const proves = (work: Work, n: number): boolean =>
  leadingZeroBits(sha256(encoder.encode(`${work.salt}:${n}`))) >= work.bits

/** The smallest proving number in [from, from + tries), or null. */
export function search(work: Work, from: number, tries: number): number | null {
  for (let n = from; n < from + tries; n++) if (proves(work, n)) return n
  return null
}

/** How likely it was to be done by now: what a progress bar can honestly show for a lottery. */
export const likelihood = (work: Work, tried: number): number => 1 - Math.exp(-tried / 2 ** work.bits)
