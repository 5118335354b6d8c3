import { ref } from 'vue'
import { hallPhones } from './hall-phones'

/** The app's addresses in one place. */
const HALLS = '/pages/index'
const withId = (page: string, id: string): string => `/pages/${page}?id=${encodeURIComponent(id)}`

/** So many pages a mini-program keeps. One more is refused, and taps seem to do nothing. */
const MOST_PAGES = 10

/** One page further; where there is no room, in the place of this one. The last place is for what leads back here. */
async function onward(url: string, most = MOST_PAGES - 1): Promise<void> {
  // #ifdef MP
  if (getCurrentPages().length >= most) {
    await uni.redirectTo({ url })
    return
  }
  // #endif
  await uni.navigateTo({ url })
}

/** Back to the page where it is open already: walking to and fro in a mini-program piles nothing up. */
async function visit(url: string, most?: number): Promise<void> {
  // #ifdef MP
  const pages = getCurrentPages()
  const at = pages.map((page) => addressOf(page)).lastIndexOf(url)
  if (at >= 0) {
    const delta = pages.length - 1 - at
    await (delta > 0 ? uni.navigateBack({ delta }) : uni.redirectTo({ url }))
    return
  }
  // #endif
  await onward(url, most)
}

export const goHall = (id: string) => visit(withId('hall', id))
export const goTable = (id: string) => visit(withId('table', id))
/** In the place of this page: going back should not lead to a table that one has left for another. */
export const swapToTable = (id: string) => uni.redirectTo({ url: withId('table', id) })
export const goPlay = (id: string) => visit(withId('play', id))
export const swapToPlay = (id: string) => uni.redirectTo({ url: withId('play', id) })
/** One that is open may show another tab by now. */
export const goMine = (tab?: 'bills' | 'messages' | 'complaints') =>
  tab ? onward(`/pages/mine?tab=${tab}`) : visit('/pages/mine')
/** About a session, or a hall; `place` is shown, and `phone` is the hall's. */
export const goHelp = (
  about: { session: string } | { venue: string },
  place: string,
  matter: 'help' | 'complaint',
  phone?: string | null,
) => {
  const [[name, id]] = Object.entries(about) as [[string, string]]
  hallPhones.keep(id, phone)
  const query = [`${name}=${encodeURIComponent(id)}`, `place=${encodeURIComponent(place)}`, `matter=${matter}`]
  return onward(`/pages/help?${query.join('&')}`)
}
export const goComplaint = (id: string) => visit(withId('complaint', id))
export const swapToComplaint = (id: string) => uni.redirectTo({ url: withId('complaint', id) })
/** `back`: where to go afterwards, where the way to it leads over another site. */
export const goSignIn = (back?: string) =>
  onward(`/pages/sign-in${back === undefined ? '' : `?back=${encodeURIComponent(back)}`}`, MOST_PAGES)
export const swapToSignIn = (back: string) => uni.redirectTo({ url: `/pages/sign-in?back=${encodeURIComponent(back)}` })
/** How one's own bill is shared. */
export const goSplit = (sessionId: string) => visit(`/pages/split?session=${encodeURIComponent(sessionId)}`)
/** What a friend's link leads to. */
export const swapToSplit = (code: string) => uni.redirectTo({ url: `/pages/split?code=${encodeURIComponent(code)}` })
export const goOrder = (id: string) => visit(withId('order', id), MOST_PAGES)
export const swapToOrder = (id: string) => uni.redirectTo({ url: withId('order', id) })
export const swapTo = (address: string) => uni.redirectTo({ url: address })
export const goHalls = () => uni.reLaunch({ url: HALLS })

/** How often, and for how long, it is looked whether the halls are there. */
const LOOKS = 100
const LOOK_MS = 20

/** The halls are only passed on the way to another page: nothing is said there that somebody should read. */
export const passing = ref(false)

/** As if one had gone there from the halls: back leads to them. */
export async function goFromHalls(address: string): Promise<void> {
  passing.value = address !== HALLS
  try {
    await goHalls()
    if (passing.value) await overHalls(address)
  } finally {
    passing.value = false
  }
}

async function overHalls(address: string): Promise<void> {
  // In a browser a page's own code is still on its way then, and a page that came before it would lie below: the halls would be
  // taken for the page that one is on.
  const there = () => getCurrentPages().some((page) => `/${(page as Shown).route}` === HALLS)
  for (let look = 0; look < LOOKS && !there(); look += 1) await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  await uni.navigateTo({ url: address })
}

/**
 * Back to where one came from. When there is no such page (opened by its address, or reloaded) to the one that was named, else
 * to the halls.
 */
export function goBack(named: string | null = null): void {
  if (getCurrentPages().length > 1) uni.navigateBack()
  else if (named !== null) void swapTo(named)
  else goHalls()
}

/** One of ours. */
export const isPage = (address: string | undefined): address is string => /^\/pages\/[\w-]+(?:\?|$)/.test(address ?? '')

type Shown = { route?: string; options?: Record<string, string | undefined> }

function addressOf(page: unknown, more: Record<string, string> = {}): string {
  const { route, options = {} } = (page ?? {}) as Shown
  if (route === undefined) return HALLS
  const query = Object.entries({ ...options, ...more })
    // Asked once, when one comes: coming back later should not press again.
    .filter(([name]) => name !== 'press' || name in more)
    .map(([name, value]) => `${name}=${encodeURIComponent(value ?? '')}`)
  return `/${route}${query.length > 0 ? `?${query.join('&')}` : ''}`
}

/** So many pages below the one on top. */
function pageUnder(below: number): unknown {
  const pages = getCurrentPages()
  return pages[pages.length - 1 - below]
}

/** This page's address within the app, to come back to after having left it; `more` is what is chosen on it. */
export const addressHere = (more?: Record<string, string>): string => addressOf(pageUnder(0), more)
/** The address of the page that `goBack` leads to. */
export const addressBelow = (): string => addressOf(pageUnder(1))

/** To WeChat's page, which sends the browser back here: this page is left for good. */
export function replaceBy(url: string): void {
  // #ifdef H5
  window.location.replace(url)
  // #endif
}

/** Beside this page, which goes on to look whether it was paid. */
export function openBeside(url: string): void {
  // #ifdef H5
  window.open(url, '_blank', 'noopener')
  // #endif
}

/** To a payment network's page, which sends the browser back to `/m/?order=…`. */
export function leaveFor(url: string): void {
  // #ifdef H5
  window.location.href = url
  // #endif
}
