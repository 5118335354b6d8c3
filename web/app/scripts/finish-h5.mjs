// After `uni build`: inline scripts into files, other hosts out of the style sheets, and a look that nothing is left.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { filesOf, finish } from './files.mjs'
import { externalIn, problemsOfPage, withoutExternal, withoutInlineScripts } from './h5.mjs'

const BASE = '/m/'
// Names of XML vocabularies and words of error messages; nothing asks them for anything.
const HARMLESS = [/^https?:\/\/www\.w3\.org\//, /^https:\/\/(?:vuejs\.org|pinia\.vuejs\.org|vue-i18n\.intlify\.dev)\b/]

const folder = resolve(process.argv[2] ?? 'dist/h5')
const index = join(folder, 'index.html')
if (!existsSync(index)) finish('h5', [`no ${index}`], '')

const { page, files } = withoutInlineScripts(readFileSync(index, 'utf8'), (body) => {
  const hash = createHash('sha256').update(body).digest('hex').slice(0, 8)
  return `${BASE}assets/inline.${hash}.js`
})
for (const [name, body] of files) writeFileSync(join(folder, name.slice(BASE.length)), body)
writeFileSync(index, page)

const problems = problemsOfPage(page).map((problem) => `index.html: ${problem}`)
for (const path of filesOf(folder, '.css')) {
  const file = join(folder, path)
  const css = withoutExternal(readFileSync(file, 'utf8'))
  writeFileSync(file, css)
  for (const address of externalIn(css)) problems.push(`${path}: an external address: ${address}`)
}
for (const path of filesOf(folder, '.js')) {
  const code = readFileSync(join(folder, path), 'utf8')
  for (const address of externalIn(code.replace(/\/\/# sourceMappingURL=.*/g, ''))) {
    if (/^https?:/.test(address) && !HARMLESS.some((known) => known.test(address))) {
      problems.push(`${path}: an external address: ${address}`)
    }
  }
  if (/\bnew Function\(|\beval\(/.test(code)) problems.push(`${path}: makes code at run time`)
}
finish('h5', problems, `${filesOf(folder, '').length} files, none asks another host`)
