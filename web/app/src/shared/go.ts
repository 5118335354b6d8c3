/** The app's addresses in one place. */
const withId = (page: string, id: string): string => `/pages/${page}?id=${encodeURIComponent(id)}`

export const goHall = (id: string) => uni.navigateTo({ url: withId('hall', id) })
export const goTable = (id: string) => uni.navigateTo({ url: withId('table', id) })
/** In the place of this page: going back should not lead to a table that one has left for another. */
export const swapToTable = (id: string) => uni.redirectTo({ url: withId('table', id) })
export const goPlay = (id: string) => uni.navigateTo({ url: withId('play', id) })
export const swapToPlay = (id: string) => uni.redirectTo({ url: withId('play', id) })
export const goOrder = (id: string) => uni.navigateTo({ url: withId('order', id) })
export const swapToOrder = (id: string) => uni.redirectTo({ url: withId('order', id) })
export const goMine = (tab?: 'bills') => uni.navigateTo({ url: `/pages/mine${tab ? `?tab=${tab}` : ''}` })
export const goSignIn = () => uni.navigateTo({ url: '/pages/sign-in' })
export const goHalls = () => uni.reLaunch({ url: '/pages/index' })

/** Back to where one came from; to the halls when there is no such place (opened by its address, or reloaded). */
export function goBack(): void {
  if (getCurrentPages().length > 1) uni.navigateBack()
  else goHalls()
}
