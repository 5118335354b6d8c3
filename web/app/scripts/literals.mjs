// Texts for people stand in the locale files only.

// Chinese characters, and the punctuation and full-width forms that come with them.
const CHINESE = /[\p{Script=Han}\u3000-\u303f\uff01-\uff65]/u

/** The text without comments, which may name a Chinese term where a newcomer would look for it; line numbers stay. */
export function withoutComments(text) {
  const blank = (comment) => comment.replace(/[^\n]/g, '')
  return text
    .replace(/\/\*[\s\S]*?\*\//g, blank)
    .replace(/<!--[\s\S]*?-->/g, blank)
    .replace(/(^|[\s;{}(,])\/\/[^\n]*/g, '$1')
}

/**
 * The lines with Chinese in them, numbered from one.
 * @param {string} text
 * @returns {{ line: number, text: string }[]}
 */
export function literalsIn(text) {
  return withoutComments(text)
    .split('\n')
    .flatMap((line, index) => (CHINESE.test(line) ? [{ line: index + 1, text: line.trim() }] : []))
}
