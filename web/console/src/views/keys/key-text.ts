import type { Key, Page } from '@/api/types'

/** A key of somebody else comes without its text; there is nothing to copy then. */
export const isMasked = (text: string): boolean => text.includes('\u2022')

/** A masked key says nothing but its last group. */
export const shownText = (text: string): string => (isMasked(text) ? text.replace(/^[\u2022-]+/, '\u2026') : text)

/** The texts of a whole list, in the order in which they were made (lists are newest first). */
export async function allKeyTexts(ask: (cursor: string | null) => Promise<Page<Pick<Key, 'key'>>>): Promise<string[]> {
  const texts: string[] = []
  let cursor: string | null = null
  do {
    const page: Page<Pick<Key, 'key'>> = await ask(cursor)
    texts.push(...page.items.map(({ key }) => key))
    cursor = page.next_cursor
  } while (cursor !== null)
  return texts.reverse()
}
