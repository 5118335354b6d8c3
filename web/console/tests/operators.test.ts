import { describe, expect, it } from 'vitest'
import type { Setting } from '@/api/types'
import zh from '@/locales/zh-CN'
import { pageOf } from '@/shared/object-links'
import { agentName } from '@/shared/user-agent'
import { accepted, numbered, prettyJson } from '@/views/callbacks/delivery'
import { readDetail } from '@/views/logs/detail'
import { splitLinks } from '@/views/mailbox/links'
import { topicOf } from '@/views/notifications/topics'
import { draftOf, sameValue, troubleOf, valueOf } from '@/views/settings/values'

describe('links in demo mail', () => {
  const paths = (text: string, origin = 'http://127.0.0.1:7300') =>
    splitLinks(text, origin).flatMap(({ path }) => (path === undefined ? [] : [path]))

  it('lead into this console only, without the full stop after them', () => {
    expect(paths('Open http://127.0.0.1:7300/verify-email?token=a_b-c. Thanks')).toEqual(['/verify-email?token=a_b-c'])
    expect(paths('\u6253\u5f00 http://127.0.0.1:7300/sign-in\u3002')).toEqual(['/sign-in'])
    expect(paths('https://evil.example/x http://127.0.0.1:7300.evil.example/ http://127.0.0.1:7301/')).toEqual([])
  })

  it('know a demo under both its names, and nothing else', () => {
    expect(paths('http://localhost:7300/sign-in')).toEqual(['/sign-in'])
    expect(paths('http://localhost:7300/sign-in', 'https://cuekey.example')).toEqual([])
  })

  it('lose no text', () => {
    const text = 'a\nhttp://127.0.0.1:7300/x\nb https://other.example/y.'
    expect(
      splitLinks(text, 'http://127.0.0.1:7300')
        .map((part) => part.text)
        .join(''),
    ).toBe(text)
    expect(splitLinks('', 'http://127.0.0.1:7300')).toEqual([])
  })
})

describe('an operation\u2019s detail', () => {
  const words = { empty: '-', name: (key: string) => key }

  it('shows a change as one line with both sides', () => {
    expect(readDetail({ setting: 'a.b', old: 15, new: 30 }, words)).toEqual([
      { path: ['setting'], value: 'a.b' },
      { path: [], value: '30', before: '15' },
    ])
  })

  it('of two records shows what differs', () => {
    const detail = { old: { name: 'x', rate: 1, gone: true }, new: { name: 'x', rate: 2, list: [] } }
    expect(readDetail(detail, words)).toEqual([
      { path: ['rate'], value: '2', before: '1' },
      { path: ['gone'], value: '-', before: 'true' },
      { path: ['list'], value: '-', before: '-' },
    ])
  })

  it('takes any shape', () => {
    expect(readDetail(null, words)).toEqual([])
    expect(readDetail({}, words)).toEqual([])
    expect(readDetail({ a: { b: { c: null } }, d: [{ e: 1, f: 'x' }, { e: 2 }], g: {} }, words)).toEqual([
      { path: ['a', 'b', 'c'], value: '-' },
      { path: ['d'], value: 'e 1, f x; e 2' },
      { path: ['g'], value: '-' },
    ])
  })
})

describe('a setting', () => {
  const number = { kind: 'integer', value: 15, minimum: 1, maximum: 60 } as Setting

  it('goes into its draft and comes back the same', () => {
    const list = { kind: 'list', value: ['b', 'a'], choices: ['a', 'b', 'c'] } as Setting
    expect(valueOf(number, draftOf(number))).toBe(15)
    expect(valueOf({ kind: 'boolean' }, draftOf({ kind: 'boolean', value: true }))).toBe(true)
    expect(valueOf(list, draftOf(list))).toEqual(['a', 'b'])
    expect(sameValue(['a'], ['a'])).toBe(true)
  })

  it('says what is wrong before it is sent', () => {
    const trouble = (text: string) => troubleOf(number, { flag: false, text, items: [] })
    expect(['', ' 7 ', '1.5', '1e3', '0', '61', '60'].map(trouble)).toEqual([
      'integer',
      null,
      'integer',
      'integer',
      'range',
      'range',
      null,
    ])
    expect(troubleOf({ kind: 'text' } as Setting, { flag: false, text: '  ', items: [] })).toBe('text')
  })
})

describe('callback deliveries', () => {
  it('number their attempts from the first, and show the latest first', () => {
    const at = (time: string, status: number | null) => ({
      at: time,
      status,
      error: null,
      detail: null,
      duration_ms: 1,
      response: '',
    })
    const list = numbered([at('2026-03-01T00:02:00Z', 204), at('2026-03-01T00:01:00Z', null)])
    expect(list.map((one) => [one.number, accepted(one)])).toEqual([
      [2, true],
      [1, false],
    ])
    expect([199, 200, 299, 300].map((status) => accepted({ status }))).toEqual([false, true, true, false])
  })

  it('say in the reader’s words why there was no answer', () => {
    const troubles = ['no_address', 'bad_address', 'private_address', 'no_connection', 'timeout', 'no_answer']
    expect(Object.keys(zh.callbacks.trouble)).toEqual(troubles)
  })

  it('show JSON with room, and anything else as it is', () => {
    expect(prettyJson('{"a":1}')).toBe('{\n  "a": 1\n}')
    expect(prettyJson('<html>')).toBe('<html>')
  })
})

describe('names', () => {
  it('of devices are what people call them', () => {
    expect(agentName('Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36 Edg/142.0')).toBe(
      'Edge 142 \u00b7 Windows',
    )
    expect(
      agentName('Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Version/18.1 Mobile/15E148 Safari/604.1'),
    ).toBe('Safari 18 \u00b7 iPhone')
    expect(agentName('curl/8.5.0')).toBe('curl 8')
    expect(agentName('')).toBe('')
  })

  it('of things lead to their pages, where they have one', () => {
    expect(pageOf('usr_01h455vb4pex5vsknk084sn02q')).toBe('/users/usr_01h455vb4pex5vsknk084sn02q')
    expect(pageOf('wdr_1')).toBe('/withdrawals/wdr_1')
    expect([pageOf('job_1'), pageOf('usr_../x'), pageOf('//evil'), pageOf('')]).toEqual([null, null, null, null])
  })

  it('of notifications tell what they are about', () => {
    expect(['quota.recharged', 'grant.ended', 'constructor.x', ''].map(topicOf)).toEqual([
      'quota',
      'grant',
      'other',
      'other',
    ])
  })
})
