import { createHash, createHmac, createPublicKey, randomUUID, verify as verifySignature } from 'node:crypto'
import { base } from './api'
import type { Credentials } from './demo'

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex')

export interface Verdict {
  valid: boolean
  code: string
  action: string
}
/** What a program with the project's credentials asks (docs/client-api.md); the answer's signature is checked too. */
export async function verifyKey(
  project: Credentials,
  key: string,
  device: { id: string; name: string },
): Promise<Verdict> {
  const target = '/client/v1/keys/verify'
  const body = JSON.stringify({ key, device })
  const timestamp = String(Math.floor(Date.now() / 1000))
  const nonce = randomUUID()
  const canonical = ['cuekey-request-v1', 'POST', target, timestamp, nonce, sha256(body)].join('\n')
  const response = await fetch(base + target, {
    method: 'POST',
    headers: {
      'Content-Type': 'application/json',
      'Cuekey-Key': project.api_key,
      'Cuekey-Timestamp': timestamp,
      'Cuekey-Nonce': nonce,
      'Cuekey-Signature': `v1=${createHmac('sha256', project.secret).update(canonical).digest('hex')}`,
    },
    body,
  })
  const text = await response.text()
  const at = response.headers.get('cuekey-response-timestamp') ?? ''
  const signature = (response.headers.get('cuekey-response-signature') ?? '').replace(/^v1=/, '')
  const said = ['cuekey-response-v1', nonce, String(response.status), at, sha256(text)].join('\n')
  const publicKey = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', x: Buffer.from(project.response_public_key, 'base64').toString('base64url') },
    format: 'jwk',
  })
  if (!verifySignature(null, Buffer.from(said), publicKey, Buffer.from(signature, 'base64'))) {
    throw new Error(`an answer that the project did not sign: ${response.status} ${text}`)
  }
  return JSON.parse(text) as Verdict
}

/** The six digits that an authenticator app shows (RFC 6238). `steps`: how many half minutes from now. */
export function totp(secret: string, steps = 0): string {
  const bits = [...secret.replace(/[\s=]/g, '')]
    .map((letter) => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(letter).toString(2).padStart(5, '0'))
    .join('')
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((byte) => Number.parseInt(byte, 2)))
  const counter = Buffer.alloc(8)
  counter.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps))
  const digest = createHmac('sha1', key).update(counter).digest()
  const offset = (digest.at(-1) ?? 0) & 0xf
  return String((digest.readUInt32BE(offset) & 0x7fff_ffff) % 1_000_000).padStart(6, '0')
}
