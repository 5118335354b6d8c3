/** The app's addresses in one place. */
const withId = (page: string, id: string): string => `/pages/${page}?id=${encodeURIComponent(id)}`

export const goHall = (id: string) => uni.navigateTo({ url: withId('hall', id) })
export const goTable = (id: string) => uni.navigateTo({ url: withId('table', id) })
/** In the place of this page: going back should not lead to a table that one has left for another. */
export const swapToTable = (id: string) => uni.redirectTo({ url: withId('table', id) })
export const goPlay = (id: string) => uni.navigateTo({ url: withId('play', id) })
export const swapToPlay = (id: string) => uni.redirectTo({ url: withId('play', id) })
export const goMine = (tab?: 'bills' | 'messages') => uni.navigateTo({ url: `/pages/mine${tab ? `?tab=${tab}` : ''}` })
export const goSignIn = () => uni.navigateTo({ url: '/pages/sign-in' })
export const goOrder = (id: string) => uni.navigateTo({ url: withId('order', id) })
export const swapToOrder = (id: string) => uni.redirectTo({ url: withId('order', id) })
export const swapTo = (address: string) => uni.redirectTo({ url: address })
export const goHalls = () => uni.reLaunch({ url: '/pages/index' })

/** Back to where one came from; to the halls when there is no such place (opened by its address, or reloaded). */
export function goBack(): void {
  if (getCurrentPages().length > 1) uni.navigateBack()
  else goHalls()
}

/** This page's address within the app, to come back to after having left it. */
export function addressHere(): string {
  const page = getCurrentPages().at(-1)
  const { route, options } = (page ?? {}) as { route?: string; options?: Record<string, string | undefined> }
  if (route === undefined) return '/pages/index'
  const query = Object.entries(options ?? {}).map(([name, value]) => `${name}=${encodeURIComponent(value ?? '')}`)
  return `/${route}${query.length > 0 ? `?${query.join('&')}` : ''}`
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
