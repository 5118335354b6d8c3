// What the H5 build needs before a server with a strict policy can serve it. Pure functions, tried in tests/h5.test.ts.

const EXTERNAL = /(?:https?:)?\/\/[\w-]+(?:\.[\w-]+)+[^\s"'`)\\]*/i
const EXTERNAL_URL = new RegExp(`url\\(\\s*["']?${EXTERNAL.source}`, 'i')

/** A style sheet without fonts and pictures of other hosts: such a font face, or such a declaration, goes. */
export function withoutExternal(css) {
  return css
    .replace(/@font-face\s*\{[^}]*\}/gi, (face) => (EXTERNAL_URL.test(face) ? '' : face))
    .replace(/@import\s+[^;]+;/gi, (rule) => (EXTERNAL.test(rule) ? '' : rule))
    .replace(/(?<=[{;])\s*[\w-]+\s*:\s*(?:"[^"]*"|'[^']*'|\([^)]*\)|[^;{}"'(])*(?=[;}])/g, (declaration) =>
      EXTERNAL_URL.test(declaration) ? '' : declaration,
    )
}

/** The addresses of other hosts in a text. */
export function externalIn(text) {
  return [...text.matchAll(new RegExp(EXTERNAL.source, 'gi'))].map(([address]) => address)
}

/** Each inline script as a file of its own: a policy of `script-src 'self'` runs no others. */
export function withoutInlineScripts(html, nameOf) {
  const files = new Map()
  const page = html.replace(/<script\b([^>]*)>([\s\S]*?)<\/script>/gi, (whole, attributes, body) => {
    if (/\bsrc\s*=/.test(attributes) || body.trim() === '') return whole
    const name = nameOf(body)
    files.set(name, `${body.trim()}\n`)
    return `<script${attributes} src="${name}"></script>`
  })
  return { page, files }
}

/** What in a page would be refused, or would come from elsewhere. */
export function problemsOfPage(html) {
  const problems = []
  for (const [, attributes, body] of html.matchAll(/<script\b([^>]*)>([\s\S]*?)<\/script>/gi)) {
    if (!/\bsrc\s*=/.test(attributes) && body.trim() !== '') problems.push('an inline script')
  }
  if (/<[^>]+\son\w+\s*=/i.test(html)) problems.push('an inline event handler')
  if (/javascript:/i.test(html)) problems.push('a javascript: address')
  return [...problems, ...externalIn(html).map((address) => `an external address: ${address}`)]
}
