import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { endReasons, sessionStates, tableStates } from '@/api/types'
import { currentLanguage, knownKey, serverLanguage, t, useLanguage } from '@/locales'
import en from '@/locales/en'
import zh from '@/locales/zh-CN'
import { filesOf } from '../scripts/files.mjs'
import { literalsIn } from '../scripts/literals.mjs'

type Tree = { readonly [key: string]: string | Tree }

function flatten(tree: Tree, prefix = ''): Map<string, string> {
  const all = new Map<string, string>()
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === 'string') all.set(prefix + key, value)
    else for (const [path, text] of flatten(value, `${prefix}${key}.`)) all.set(path, text)
  }
  return all
}
const placeholders = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort()

const source = flatten(zh)
const english = flatten(en)

describe('locale files', () => {
  it('have the same keys, none empty, with the same placeholders', () => {
    expect([...english.keys()].sort()).toEqual([...source.keys()].sort())
    for (const [path, text] of source) {
      expect(text.trim(), path).not.toBe('')
      expect(new Set(placeholders(english.get(path) ?? '')), path).toEqual(new Set(placeholders(text)))
    }
  })

  it('hold no Chinese in English, but for the name of the language', () => {
    const left = [...english].filter(([path, text]) => path !== 'common.language.zh-CN' && /\p{Script=Han}/u.test(text))
    expect(left).toEqual([])
  })

  it('hold nothing that the message format would read as syntax', () => {
    for (const texts of [source, english]) for (const [path, text] of texts) expect(text, path).not.toMatch(/[@|]/)
  })

  it('name every state and every reason', () => {
    for (const state of [...tableStates, 'unknown']) expect(source.has(`table.state.${state}`), state).toBe(true)
    for (const state of sessionStates) {
      expect(source.has(`play.state.${state}`), state).toBe(true)
      expect(source.has(`hall.bar.${state}`), state).toBe(true)
    }
    for (const reason of endReasons) expect(source.has(`play.ended.reason.${reason}`), reason).toBe(true)
  })

  it('have a user for every text', () => {
    const root = join(import.meta.dirname, '../src')
    const code = ['.vue', '.ts']
      .flatMap((ending) => filesOf(root, ending))
      .filter((path) => !path.startsWith('locales/'))
      .map((path) => readFileSync(join(root, path), 'utf8'))
      .join('\n')
    const stems = new Set([...code.matchAll(/`([\w.-]+\.)\$\{/g)].map((match) => match[1]))
    const unused = [...source.keys()].filter(
      (key) => !code.includes(`'${key}'`) && !stems.has(key.slice(0, key.lastIndexOf('.') + 1)),
    )
    expect(unused).toEqual([])
  })
})

describe('the language', () => {
  it('can be changed, and says so to the server', () => {
    useLanguage('en')
    expect([currentLanguage(), serverLanguage(), t('common.minutes', { n: 30 })]).toEqual(['en', 'en', '30 min'])
    useLanguage('zh-CN')
    expect([serverLanguage(), t('common.minutes', { n: 30 })]).toEqual(['zh', '30 分钟'])
    expect([knownKey('errors.NETWORK'), knownKey('errors.NO_SUCH')]).toEqual(['errors.NETWORK', null])
  })
})

describe('the gate against literals', () => {
  it('finds Chinese in code and markup, not in comments', () => {
    expect(literalsIn("const a = '开台' // why")).toEqual([{ line: 1, text: "const a = '开台'" }])
    expect(literalsIn('<view>\n  <text>余额</text>\n</view>').map(({ line }) => line)).toEqual([2])
    expect(literalsIn('/** 冻结 */ const a = 1 // 台球\n<!-- 球房 -->')).toEqual([])
  })
})
