import { describe, expect, it } from 'vitest'
import { ApiError } from '@/api/problem'
import type { Key } from '@/api/types'
import { readHidden } from '@/shared/columns'
import { formatSpan, formatValidity } from '@/shared/validity'
import { choiceOf, progressOf, termsOf } from '@/views/batches/terms'
import { isRefused } from '@/views/calls/codes'
import { endsSoon } from '@/views/grants/ending'
import { allKeyTexts, shownText } from '@/views/keys/key-text'
import { exportColumns, isEverything, NO_FILTERS, selectionOf } from '@/views/keys/selection'
import { meaningOf, timelineOf } from '@/views/keys/timeline'
import { useTicks } from '@/views/keys/useTicks'
import {
  formOf,
  newProjectOf,
  priceFaults,
  priceMessages,
  pricesOf,
  repeatedParameter,
} from '@/views/projects/project-form'
import { snippet, SNIPPETS } from '@/views/projects/snippets'

describe('what bulk actions act upon', () => {
  it('is what the filters show, or nothing where they say more than the server takes', () => {
    expect(selectionOf({ ...NO_FILTERS, batch: 'bat_1' })).toEqual({ batch: 'bat_1' })
    expect(selectionOf({ ...NO_FILTERS, batch: 'bat_1', state: 'unused' })).toEqual({
      filter: { batch: 'bat_1', state: 'unused' },
    })
    expect(selectionOf({ ...NO_FILTERS, project: 'prj_1', key: 'XXXXX' })).toBeNull()
    expect(selectionOf({ ...NO_FILTERS, device: 'd' })).toBeNull()
    expect(isEverything(selectionOf(NO_FILTERS) ?? {})).toBe(true)
    expect(isEverything({ batch: 'bat_1' })).toBe(false)
  })

  it('is exactly the ticked rows, also those of other pages', () => {
    let rows = [{ id: 'a' }, { id: 'b' }]
    const ticks = useTicks(() => rows)
    ticks.tick('a', true)
    rows = [{ id: 'c' }, { id: 'd' }]
    ticks.tickPage(true)
    ticks.tick('d', false)
    expect([...ticks.ticked.value]).toEqual(['a', 'c'])
    expect(ticks.count.value).toBe(2)
    ticks.clear()
    expect(ticks.count.value).toBe(0)
  })

  it('is exported under the names that the server knows', () => {
    expect(exportColumns(['batch_id', 'unbind_count', 'devices'])).toEqual(['key', 'state', 'batch', 'devices'])
  })

  it('copies a batch whole and in order, page by page', async () => {
    const pages = [
      { items: [{ key: 'K4' }, { key: 'K3' }], next_cursor: 'x' },
      { items: [{ key: 'K2' }, { key: 'K1' }], next_cursor: null },
    ]
    const asked: (string | null)[] = []
    const texts = await allKeyTexts((cursor) => {
      asked.push(cursor)
      return Promise.resolve(pages[cursor === null ? 0 : 1]!)
    })
    expect(texts).toEqual(['K1', 'K2', 'K3', 'K4'])
    expect(asked).toEqual([null, 'x'])
  })
})

describe('a key’s life', () => {
  const day = 86_400_000
  const now = Date.parse('2026-03-10T00:00:00Z')
  const at = (days: number) => new Date(now + days * day).toISOString()
  const key = (
    activated: number | null,
    expires: number | null,
  ): Pick<Key, 'created_at' | 'activated_at' | 'expires_at'> => ({
    created_at: at(-40),
    activated_at: activated === null ? null : at(activated),
    expires_at: expires === null ? null : at(expires),
  })

  it('puts now between activation and end, in proportion', () => {
    const line = timelineOf(key(-10, 30), now)
    expect(line.moments.map(({ kind }) => kind)).toEqual(['created', 'activated', 'now', 'expires'])
    const { from, used, to } = line.span!
    expect((used - from) / (to - from)).toBeCloseTo(0.25)
    expect(line.left).toBe(30 * day)
  })
  it('puts now after the end once it is over, and knows keys without either', () => {
    const over = timelineOf(key(-30, -1), now)
    expect(over.moments.at(-1)?.kind).toBe('now')
    expect(over.left).toBe(0)
    expect(timelineOf(key(null, null), now).span).toBeNull()
    expect(timelineOf(key(-1, null), now).left).toBeNull()
  })
  it('says that an unbound key’s clock goes on', () => {
    expect(meaningOf({ state: 'unused', activated_at: null, expires_at: null })).toBe('unused')
    expect(meaningOf({ state: 'unused', activated_at: at(-1), expires_at: at(1) })).toBe('unbound')
    expect(meaningOf({ state: 'active', activated_at: at(-1), expires_at: null })).toBe('activeForever')
  })
})

describe('validities', () => {
  it('are said in words', () => {
    expect(formatValidity('month', 1, 'en')).toBe('1 month')
    expect(formatValidity('day', 30, 'en')).toBe('30 days')
    expect(formatValidity('forever', 0, 'en')).toBeNull()
  })
  it('spans show their two largest units', () => {
    expect(formatSpan(3 * 86_400_000 + 4 * 3_600_000 + 59_000, 'en')).toBe('3 days 4 hours')
    expect(formatSpan(3 * 86_400_000 + 59_000, 'en')).toBe('3 days')
    expect(formatSpan(61_000, 'en')).toBe('1 minute 1 second')
    expect(formatSpan(0, 'en')).toBe('0 seconds')
  })
})

describe('a batch', () => {
  it('is asked for only when complete', () => {
    const choice = choiceOf({ unit: 'month', count: 3 })
    expect(termsOf('prj_1', choice, 20)).toEqual({ project_id: 'prj_1', count: 20, unit: 'month', validity: 3 })
    expect(termsOf('prj_1', choiceOf({ unit: 'forever', count: 0 }), 1)?.validity).toBe(0)
    expect(termsOf('', choice, 20)).toBeNull()
    expect(termsOf('prj_1', '', 20)).toBeNull()
    expect(termsOf('prj_1', choice, 0)).toBeNull()
    expect(termsOf('prj_1', choice, 1_000_001)).toBeNull()
  })
  it('is at 100 % only when all keys are there', () => {
    expect(progressOf({ made: 999_999, count: 1_000_000 })).toBe(99)
    expect(progressOf({ made: 5, count: 5 })).toBe(100)
    expect(progressOf({ made: 0, count: 0 })).toBe(0)
  })
})

describe('a project’s form', () => {
  it('names the row that is wrong', () => {
    const faults = priceFaults([
      { unit: 'month', count: 1, price: 30 },
      { unit: 'month', count: 1, price: 20 },
      { unit: 'day', count: 0, price: 1 },
      { unit: 'forever', count: undefined, price: undefined },
      { unit: 'hour', count: 87_601, price: 1 },
    ])
    expect([...faults]).toEqual([
      [1, 'repeated'],
      [2, 'count'],
      [3, 'price'],
      [4, 'count'],
    ])
    const messages = priceMessages(
      new ApiError({
        type: '',
        title: '',
        status: 422,
        code: 'X',
        errors: [
          { field: 'prices[2].price', code: 'X', message: 'too much' },
          { field: 'name', code: 'X', message: 'taken' },
        ],
      }),
    )
    expect([...messages]).toEqual([[2, 'too much']])
  })
  it('sends null for no limit, 0 for the count of forever, and no empty parameter', () => {
    const form = { ...formOf(null), name: ' A ', unbind_limit: undefined }
    form.parameters = [
      { name: ' url ', value: 'x' },
      { name: '', value: '' },
    ]
    expect(newProjectOf(form)).toMatchObject({ name: 'A', unbind_limit: null, parameters: { url: 'x' } })
    expect(pricesOf([{ unit: 'forever', count: 7, price: 1 }])).toEqual([{ unit: 'forever', count: 0, price: 1 }])
    expect(repeatedParameter([...form.parameters, { name: 'url', value: 'y' }])).toBe('url')
  })
})

describe('example programs', () => {
  const credentials = {
    url: 'https://k.example',
    apiKey: 'pk_1',
    secret: null,
    publicKey: 'PUB=',
    placeholder: 'sk_HERE',
  }
  it('carry the project’s credentials, and a placeholder while the secret is not shown', () => {
    for (const { language } of SNIPPETS) {
      const hidden = snippet(language, credentials)
      for (const text of ['https://k.example', 'pk_1', 'PUB=', 'sk_HERE']) expect(hidden, language).toContain(text)
      const shown = snippet(language, { ...credentials, secret: 'sk_real' })
      expect(shown).toContain('sk_real')
      expect(shown).not.toContain('sk_HERE')
    }
  })
  it('quote what they carry', () => {
    expect(snippet('curl', { ...credentials, secret: "a'b" })).toContain(`secret='a'\\''b'`)
    expect(snippet('python', { ...credentials, secret: 'a"b' })).toContain('"a\\"b"')
  })
})

describe('small rules', () => {
  it('a masked key is shown by its last group', () => {
    expect(shownText('\u2022\u2022\u2022\u2022\u2022-\u2022\u2022\u2022\u2022\u2022-8YJCE')).toBe('\u20268YJCE')
    expect(shownText('7K2M9-8YJCE')).toBe('7K2M9-8YJCE')
  })
  it('a verdict other than VALID is a refusal though its status is 200; a query that answers is none', () => {
    expect(isRefused({ endpoint: 'verify', status: 200, code: 'EXPIRED' })).toBe(true)
    expect(isRefused({ endpoint: 'verify', status: 200, code: 'VALID' })).toBe(false)
    expect(isRefused({ endpoint: 'query', status: 200, code: 'OK' })).toBe(false)
    expect(isRefused({ endpoint: 'query', status: 404, code: 'NOT_FOUND' })).toBe(true)
  })
  it('a grant ends soon within a week', () => {
    const now = Date.parse('2026-03-10T00:00:00Z')
    expect(endsSoon({ state: 'active', ends_at: '2026-03-16T00:00:00Z' }, now)).toBe(true)
    expect(endsSoon({ state: 'active', ends_at: '2026-03-18T00:00:00Z' }, now)).toBe(false)
    expect(endsSoon({ state: 'active', ends_at: null }, now)).toBe(false)
    expect(endsSoon({ state: 'ended', ends_at: '2026-03-11T00:00:00Z' }, now)).toBe(false)
  })
  it('remembered columns that no longer exist, or nonsense, do no harm', () => {
    expect(readHidden('["devices","gone"]', ['devices', 'agent'])).toEqual(['devices'])
    expect(readHidden('{', ['devices'])).toEqual([])
    expect(readHidden('3', ['devices'])).toEqual([])
    expect(readHidden(null, ['devices'])).toEqual([])
  })
})
