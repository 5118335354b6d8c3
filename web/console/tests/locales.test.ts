import { describe, expect, it } from 'vitest'
import en from '@/locales/en'
import zh from '@/locales/zh-CN'
import { tones } from '@/shared/status'

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

describe('locale files', () => {
  const source = flatten(zh)
  const english = flatten(en)

  it('have the same keys', () => {
    expect([...english.keys()].sort()).toEqual([...source.keys()].sort())
  })

  it('have no empty text, and the same placeholders', () => {
    for (const [path, text] of source) {
      expect(text.trim(), path).not.toBe('')
      expect(english.get(path)?.trim(), path).not.toBe('')
      expect(placeholders(english.get(path) ?? ''), path).toEqual(placeholders(text))
    }
  })

  it('hold no Chinese in English, but for the name of the language', () => {
    const left = [...english].filter(([path, text]) => path !== 'common.language.zh-CN' && /\p{Script=Han}/u.test(text))
    expect(left).toEqual([])
  })

  it('hold nothing that the message format would read as syntax', () => {
    for (const texts of [source, english]) {
      for (const [path, text] of texts) expect(text, path).not.toMatch(/[@|]/)
    }
  })

  it('name every state that has a colour', () => {
    for (const [kind, values] of Object.entries(tones)) {
      for (const value of Object.keys(values))
        expect(source.has(`status.${kind}.${value}`), `${kind}.${value}`).toBe(true)
    }
  })
})
