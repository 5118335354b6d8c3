// No Chinese literal outside src/locales: part of `npm run lint`.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { filesOf, finish } from './files.mjs'
import { literalsIn } from './literals.mjs'

const root = join(import.meta.dirname, '../src')
const paths = ['.vue', '.ts', '.css', '.json']
  .flatMap((ending) => filesOf(root, ending))
  .filter((path) => !path.startsWith('locales/'))
const problems = paths.flatMap((path) =>
  literalsIn(readFileSync(join(root, path), 'utf8')).map(({ line, text }) => `src/${path}:${line}: ${text}`),
)
finish('literals', problems, `none in ${paths.length} files`)
