// Checks a built mini-program without WeChat's own tools: pages are whole, scripts parse, components are where they are said to be, and
// it asks the server that CUEKEY_SERVER names.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { filesOf, finish } from './files.mjs'
import { serverOf } from './server-address.mjs'

const folder = resolve(process.argv[2] ?? 'dist/mp-weixin')
const BUILT_IN = new Set(['scroll-view', 'rich-text', 'page-meta', 'cover-view', 'picker-view', 'swiper-item'])
const problems = []
const json = (path) => JSON.parse(readFileSync(join(folder, path), 'utf8'))

const app = json('app.json')
const pagesOf = (part) => part.pages.map((page) => join(part.root, page))
const pages = [...app.pages, ...(app.subPackages ?? []).flatMap(pagesOf)]
for (const page of pages) {
  for (const ending of ['js', 'json', 'wxml', 'wxss']) {
    if (!existsSync(join(folder, `${page}.${ending}`))) problems.push(`${page} has no .${ending}`)
  }
}

for (const path of filesOf(folder, '.json')) {
  for (const [name, target] of Object.entries(json(path).usingComponents ?? {})) {
    const place = target.startsWith('/') ? join(folder, target) : join(folder, dirname(path), target)
    const missing = ['js', 'json', 'wxml'].filter((ending) => !existsSync(`${place}.${ending}`))
    if (missing.length > 0) problems.push(`${path}: ${name} at ${target} lacks ${missing.join(', ')}`)
  }
}

const scripts = filesOf(folder, '.js')
try {
  const server = serverOf('mp-weixin', process.env.CUEKEY_SERVER)
  const told = scripts.some((path) => readFileSync(join(folder, path), 'utf8').includes(server))
  if (!told) problems.push(`no script asks ${server}: it was built for another server, or for none`)
} catch (error) {
  problems.push(error.message)
}
for (const path of scripts) {
  const file = join(folder, path)
  try {
    execFileSync(process.execPath, ['--check', file], { stdio: 'pipe' })
  } catch (error) {
    problems.push(`${path} does not parse: ${String(error.stderr ?? error).split('\n')[0]}`)
  }
  const code = readFileSync(file, 'utf8')
  if (/\bnew Function\(|\beval\(/.test(code)) problems.push(`${path} makes code at run time`)
}

// Components that are used in a page's markup but declared nowhere would silently show nothing.
for (const path of filesOf(folder, '.wxml')) {
  const declared = json(path.replace(/\.wxml$/, '.json')).usingComponents ?? {}
  const markup = readFileSync(join(folder, path), 'utf8')
  for (const [, tag] of markup.matchAll(/<([a-z]+(?:-[a-z]+)+)[\s/>]/g)) {
    if (!(tag in declared) && !BUILT_IN.has(tag)) problems.push(`${path}: <${tag}> is declared nowhere`)
  }
}

finish('mini-program', problems, `${pages.length} pages, ${scripts.length} scripts, all in place`)
