/**
 * SHA-256 (FIPS 180-4) without waiting. `crypto.subtle` answers through a promise for each hash, which is far too slow for
 * proof of work, and does not exist at all on pages served over plain HTTP.
 */
const K = new Uint32Array(64)
const INITIAL = new Uint32Array(8)

function fraction(x: number): number {
  return ((x - Math.floor(x)) * 0x1_0000_0000) >>> 0
}

for (let candidate = 2, found = 0; found < 64; candidate++) {
  let prime = true
  for (let d = 2; d * d <= candidate; d++) if (candidate % d === 0) prime = false
  if (!prime) continue
  if (found < 8) INITIAL[found] = fraction(Math.sqrt(candidate))
  K[found++] = fraction(Math.cbrt(candidate))
}

const W = new Int32Array(64)

function compress(state: Int32Array, block: DataView, offset: number): void {
  for (let i = 0; i < 16; i++) W[i] = block.getInt32(offset + i * 4)
  for (let i = 16; i < 64; i++) {
    const x = W[i - 15]!
    const y = W[i - 2]!
    const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
    const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
    W[i] = (W[i - 16]! + s0 + W[i - 7]! + s1) | 0
  }
  let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number]
  for (let i = 0; i < 64; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i]! + W[i]!) | 0
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  const add = [a, b, c, d, e, f, g, h]
  for (let i = 0; i < 8; i++) state[i] = (state[i]! + add[i]!) | 0
}

/** The digest as eight 32-bit words, most significant first. */
export function sha256(message: Uint8Array): Int32Array {
  const padded = new Uint8Array(((message.length + 8) >> 6) * 64 + 64)
  padded.set(message)
  padded[message.length] = 0x80
  const view = new DataView(padded.buffer)
  view.setUint32(padded.length - 4, message.length << 3)
  view.setUint32(padded.length - 8, Math.floor(message.length / 0x2000_0000))
  const state = Int32Array.from(INITIAL)
  for (let offset = 0; offset < padded.length; offset += 64) compress(state, view, offset)
  return state
}
