import { watch } from 'vue'
import type { RouteLocationNormalized, RouteLocationRaw, Router } from 'vue-router'
import { i18n } from '@/locales'
import { allows } from '@/shared/permissions'
import { useSessionStore } from '@/stores/session'
import { menuEntries } from './modules'

/** Whether some page answers to this path. */
export const isPage = (router: Router, path: string): boolean => router.resolve(path).name !== 'not-found'

/** Where somebody begins: the role's home as the server names it, or the first page that one may open. */
export function landing(router: Router): string {
  const me = useSessionStore().me
  if (!me) return '/sign-in'
  if (me.home !== '/' && isPage(router, me.home) && allows(me.permissions, router.resolve(me.home).meta.permission)) {
    return me.home
  }
  return menuEntries.find((entry) => allows(me.permissions, entry.permission))?.path ?? '/forbidden'
}

function toSignIn(to: RouteLocationNormalized): RouteLocationRaw {
  return { name: 'sign-in', query: to.fullPath === '/' ? {} : { return: to.fullPath } }
}

function decide(router: Router, to: RouteLocationNormalized): RouteLocationRaw | true {
  const session = useSessionStore()
  const me = session.me
  if (!me) return to.meta.public ? true : toSignIn(to)
  if (session.mustChangePassword) {
    return to.meta.forced === 'password' || { name: 'change-password', query: keepReturn(to) }
  }
  if (session.mustSetUpSecondFactor) {
    return to.meta.forced === 'second-factor' || { name: 'set-up-second-factor', query: keepReturn(to) }
  }
  if (to.meta.guestOnly || to.meta.forced) return landing(router)
  if (!allows(me.permissions, to.meta.permission)) return { name: 'forbidden' }
  return true
}

/** A duty comes first; then one goes on to where one wanted to be. */
function keepReturn(to: RouteLocationNormalized): Record<string, string> {
  if (typeof to.query.return === 'string') return { return: to.query.return }
  return to.meta.public || to.meta.forced || to.fullPath === '/' ? {} : { return: to.fullPath }
}

export function guard(router: Router): void {
  router.beforeEach(async (to) => {
    await useSessionStore().ready()
    return decide(router, to)
  })

  const title = () => {
    const page = router.currentRoute.value.meta.title
    const site = useSessionStore().config.site_name
    document.title = page ? `${i18n.global.t(page)} · ${site}` : site
  }
  router.afterEach(title)
  watch(i18n.global.locale, title)

  // A page whose chunk is gone belongs to a version that is gone: load the new one, at the place one wanted.
  router.onError((error: unknown, to) => {
    if (error instanceof Error && /dynamically imported module|Importing a module script/i.test(error.message)) {
      window.location.assign(window.location.origin + to.fullPath)
    }
  })
}
