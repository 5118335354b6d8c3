import { beforeEach, describe, expect, it, vi } from 'vitest'
import { addressBelow, addressHere, goMine, goOrder, goSignIn, goTable } from '@/shared/go'

interface Page {
  route: string
  options: Record<string, string>
}
const page = (name: string, options: Record<string, string> = {}): Page => ({ route: `pages/${name}`, options })
const HALLS = page('index')
const deep = (length: number) =>
  Array.from({ length }, (_, at) => (at === 0 ? HALLS : page('hall', { id: `ven_${at}` })))
let pages: Page[]
let went: unknown[]
const by = (way: string) => async (to: unknown) => void went.push([way, to])

beforeEach(() => {
  pages = [HALLS]
  went = []
  vi.stubGlobal('getCurrentPages', () => pages)
  Object.assign(uni, {
    navigateTo: by('on'),
    redirectTo: by('instead'),
    navigateBack: by('back'),
  })
})

describe('in a mini-program, which keeps ten pages', () => {
  it('a page is opened on top of the others', async () => {
    await goTable('tbl_1')
    expect(went).toEqual([['on', { url: '/pages/table?id=tbl_1' }]])
  })

  it('a page that is open already is gone back to', async () => {
    pages = [HALLS, page('hall', { id: 'ven_1' }), page('table', { id: 'tbl_1', press: '1' }), page('mine')]
    await goTable('tbl_1')
    await goTable('tbl_2')
    await goMine()
    // It may show another tab by now.
    await goMine('bills')
    expect(went).toEqual([
      ['back', { delta: 1 }],
      ['on', { url: '/pages/table?id=tbl_2' }],
      ['instead', { url: '/pages/mine' }],
      ['on', { url: '/pages/mine?tab=bills' }],
    ])
  })

  it('where there is hardly any room the next takes this one’s place, but for what leads back here', async () => {
    pages = deep(9)
    await goTable('tbl_1')
    await goMine('bills')
    await goSignIn('/pages/mine')
    await goOrder('ord_1')
    pages = deep(10)
    await goSignIn()
    expect(went).toEqual([
      ['instead', { url: '/pages/table?id=tbl_1' }],
      ['instead', { url: '/pages/mine?tab=bills' }],
      ['on', { url: '/pages/sign-in?back=%2Fpages%2Fmine' }],
      ['on', { url: '/pages/order?id=ord_1' }],
      ['instead', { url: '/pages/sign-in' }],
    ])
  })
})

describe('the address', () => {
  it('of this page and of the one below it can be come back to', () => {
    pages = [page('hall', { id: 'ven_1' }), page('table', { id: 'tbl_1', press: '1' })]
    expect([addressHere({ minutes: '60' }), addressBelow()]).toEqual([
      '/pages/table?id=tbl_1&minutes=60',
      '/pages/hall?id=ven_1',
    ])
    pages = [HALLS]
    expect([addressHere(), addressBelow()]).toEqual(['/pages/index', '/pages/index'])
  })
})
