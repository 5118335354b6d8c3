import { describe, expect, it } from 'vitest'
import { looksLikeCode, looksLikePhone, cleanPhone } from '@/shared/phone'
import { hostOf, scannedOf, scannedOfQuery } from '@/shared/scan'

const OURS = ['https://hall.example', 'http://old.example:8080']
const table = { is: 'table', code: 'K7Q2M9' }
const nothing = { is: 'nothing' }
const elsewhere = (host: string) => ({ is: 'elsewhere', host })

describe('a scanned code', () => {
  it('is found in our address, or stands alone', () => {
    for (const text of [
      'https://hall.example/m/?t=K7Q2M9',
      'https://hall.example/m/?x=1&t=K7Q2M9#top',
      ' K7Q2M9 ',
      't=K7Q2M9',
      'pages/index?t=K7Q2M9',
    ]) {
      expect(scannedOf(text, OURS), text).toEqual(table)
    }
  })

  it('is none in what is something else', () => {
    for (const text of ['', 'https://elsewhere.example/menu', 'https://hall.example/m/?t=', 'a b', 'x']) {
      expect(scannedOf(text, OURS), text).toEqual(nothing)
    }
  })

  it('of another installation is not taken for ours, whatever its address is made to look like', () => {
    for (const [text, host] of [
      ['https://elsewhere.example/m/?t=K7Q2M9', 'elsewhere.example'],
      ['HTTPS://Elsewhere.Example/m/?t=K7Q2M9', 'elsewhere.example'],
      ['https://hall.example@elsewhere.example/m/?t=K7Q2M9', 'elsewhere.example'],
      ['https://hall.example.elsewhere.example/?t=K7Q2M9', 'hall.example.elsewhere.example'],
      ['https://elsewhere.example/?https://hall.example/m/&t=K7Q2M9', 'elsewhere.example'],
      ['https://hall.example:8443/m/?t=K7Q2M9', 'hall.example:8443'],
      ['//elsewhere.example/m/?t=K7Q2M9', 'elsewhere.example'],
      ['elsewhere.example/m/?t=K7Q2M9', 'elsewhere.example'],
      ['https://elsewhere.example/m/?split=abc123', 'elsewhere.example'],
    ] as const) {
      expect(scannedOf(text, OURS), text).toEqual(elsewhere(host))
      expect(scannedOfQuery({ q: encodeURIComponent(text) }, OURS), text).toEqual(elsewhere(host))
    }
    expect(scannedOf(`https://${'a'.repeat(300)}.example/?t=K7Q2M9`, OURS)).toEqual(elsewhere('a'.repeat(60)))
  })

  it('is ours under each address that our codes have, however that is written', () => {
    for (const text of [
      'https://HALL.example:443/m/?t=K7Q2M9',
      'http://hall.example:80/m/?t=K7Q2M9',
      'http://old.example:8080/m/?t=K7Q2M9',
    ]) {
      expect(scannedOf(text, OURS), text).toEqual(table)
    }
  })

  it('comes by a browser’s query, a mini-program’s scene, or an ordinary code opened in WeChat', () => {
    const ours = encodeURIComponent('https://hall.example/m/?t=K7Q2M9')
    for (const query of [{ t: 'K7Q2M9' }, { scene: 't%3DK7Q2M9' }, { scene: 'K7Q2M9' }, { q: ours }]) {
      expect(scannedOfQuery(query, OURS)).toEqual(table)
    }
    expect(scannedOfQuery({ q: '%E0%A4%A' }, OURS)).toEqual(nothing)
    expect(scannedOfQuery({}, OURS)).toEqual(nothing)
  })
})

describe('an address', () => {
  it('has a host, and other texts have none', () => {
    expect([hostOf('https://Hall.example/m/'), hostOf('https://[::1]:7300/m/')]).toEqual(['hall.example', '[::1]:7300'])
    for (const text of ['K7Q2M9', 't=K7Q2M9', 'pages/index?t=K7Q2M9', '/pages/index?t=K7Q2M9', '']) {
      expect(hostOf(text), text).toBeNull()
    }
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
