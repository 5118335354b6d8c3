import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '../src')
// Chinese characters, and the punctuation and full-width forms that come with them.
const CHINESE = /[\p{Script=Han}\u3000-\u303f\uff01-\uff65]/u

function sources(): string[] {
  return readdirSync(ROOT, { recursive: true, encoding: 'utf8' }).filter(
    (path) => /\.(ts|vue|css)$/.test(path) && !path.startsWith('locales/') && path !== 'api/types.ts',
  )
}

/** The text without comments, which may name a Chinese term where a newcomer would look for it; line numbers stay. */
export function withoutComments(text: string): string {
  const blank = (comment: string) => comment.replace(/[^\n]/g, '')
  return text
    .replace(/\/\*[\s\S]*?\*\//g, blank)
    .replace(/<!--[\s\S]*?-->/g, blank)
    .replace(/(^|[\s;{}(,])\/\/[^\n]*/g, '$1')
}

describe('texts for people', () => {
  it('stand in the locale files only', () => {
    const found = sources().flatMap((path) =>
      withoutComments(readFileSync(join(ROOT, path), 'utf8'))
        .split('\n')
        .flatMap((line, index) => (CHINESE.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
    )
    expect(found).toEqual([])
  })

  it('would be found', () => {
    expect(CHINESE.test(withoutComments("const a = '卡密' // why"))).toBe(true)
    expect(CHINESE.test(withoutComments('<p>保存</p>'))).toBe(true)
    expect(CHINESE.test(withoutComments('/** 卡密 */ const a = 1 // 额度'))).toBe(false)
  })

  it('are all known: each key written out in the source exists', async () => {
    const { default: zh } = await import('@/locales/zh-CN')
    const lookUp = (path: string): unknown =>
      path.split('.').reduce<unknown>((node, name) => {
        return typeof node === 'object' && node !== null
          ? Object.entries(node).find(([key]) => key === name)?.[1]
          : undefined
      }, zh)
    const missing = sources().flatMap((path) =>
      [...readFileSync(join(ROOT, path), 'utf8').matchAll(/\bt\(\s*'([\w.-]+)'/g)]
        .map((match) => match[1] ?? '')
        .filter((key) => typeof lookUp(key) !== 'string')
        .map((key) => `${path}: ${key}`),
    )
    expect(missing).toEqual([])
  })
})
