import { describe, expect, it } from 'vitest'
import { externalIn, problemsOfPage, withoutExternal, withoutInlineScripts } from '../scripts/h5.mjs'

describe('a style sheet', () => {
  it('loses fonts and pictures of other hosts, and keeps the rest', () => {
    const css =
      '@font-face{font-family:x;src:url(//font.example.com/a.woff2) format("woff2")}' +
      '@font-face{font-family:y;src:url(/m/assets/y.woff2)}' +
      '@import url("https://style.example.com/a.css");' +
      '.a{color:red;background:url("https://pic.example.com/a.png?x=1;y") no-repeat;margin:0}' +
      '.b{background-image:url(data:image/png;base64,AAAA);padding:0}'
    const clean = withoutExternal(css)
    expect(externalIn(clean)).toEqual([])
    expect(clean).toContain('font-family:y')
    expect(clean).toMatch(/\.a\{color:red;+margin:0\}/)
    expect(clean).toContain('.b{background-image:url(data:image/png;base64,AAAA);padding:0}')
  })

  it('is told apart when something is left', () => {
    expect(externalIn('.a{--x: "https://still.example.com/a"}')).toEqual(['https://still.example.com/a'])
    expect(externalIn('/* a // b */ .c{}')).toEqual([])
  })
})

describe('a page', () => {
  it('has its inline scripts moved to files', () => {
    const html = '<script>var a = 1</script><script type="module" src="/m/assets/i.js"></script>'
    const { page, files } = withoutInlineScripts(html, () => '/m/assets/inline.1.js')
    expect(page).toBe(
      '<script src="/m/assets/inline.1.js"></script><script type="module" src="/m/assets/i.js"></script>',
    )
    expect([...files]).toEqual([['/m/assets/inline.1.js', 'var a = 1\n']])
    expect(problemsOfPage(page)).toEqual([])
  })

  it('is refused with anything that the policy would refuse', () => {
    expect(problemsOfPage('<script>1</script>')).toEqual(['an inline script'])
    expect(problemsOfPage('<body onload="x()">')).toEqual(['an inline event handler'])
    expect(problemsOfPage('<link href="https://cdn.example.com/a.css">')).toEqual([
      'an external address: https://cdn.example.com/a.css',
    ])
  })
})
