import { useI18n } from 'vue-i18n'
import type { User } from '@/api/types'
import { disableUser, enableUser, endUserSessions, resetUserSecondFactor, unlockUser } from '@/api/users'
import { confirmAction } from '@/composables/useConfirm'
import { useSessionStore } from '@/stores/session'

type Change = 'disable' | 'enable' | 'unlock' | 'resetSecondFactor' | 'endSessions'

const calls: Record<Change, (id: string) => Promise<User>> = {
  disable: disableUser,
  enable: enableUser,
  unlock: unlockUser,
  resetSecondFactor: resetUserSecondFactor,
  endSessions: endUserSessions,
}

export const isLocked = (user: User): boolean =>
  user.locked_until !== null && new Date(user.locked_until).getTime() > Date.now()

/** What the state column shows: a lock stands out over the state beneath it. */
export const shownState = (user: User): string => (user.state === 'active' && isLocked(user) ? 'locked' : user.state)

/** Who signed up and never proved the address is activated without that, which has to be said. */
const textsOf = (change: Change, user: User): Change | 'activate' =>
  change === 'enable' && user.state === 'pending' ? 'activate' : change

/** The changes of state that one may make to a user, the same in the list and on the user's page. */
export function useUserActions(changed: (user: User) => void) {
  const { t } = useI18n()
  const session = useSessionStore()

  const ask = (change: Change, user: User) => {
    const texts = textsOf(change, user)
    return confirmAction({
      title: t(`users.${texts}.title`, { name: user.name }),
      message: t(`users.${texts}.message`),
      confirm: t(`users.${texts}.action`),
      danger: change === 'disable' || change === 'resetSecondFactor' || change === 'endSessions',
      action: async () => {
        changed(await calls[change](user.id))
        ElMessage.success(t(`users.${texts}.done`, { name: user.name }))
      },
    })
  }

  const offered = (change: Change, user: User): boolean => {
    const self = user.id === session.me?.id
    switch (change) {
      case 'disable':
        return !self && user.state !== 'disabled'
      case 'enable':
        return user.state !== 'active'
      case 'unlock':
        return isLocked(user)
      case 'resetSecondFactor':
        return !self && user.second_factor_enabled && session.me?.role === 'super_admin'
      case 'endSessions':
        return !self && user.state === 'active'
    }
  }

  /** As row actions or buttons, in this order. */
  const actionsFor = (user: User) =>
    (['unlock', 'enable', 'resetSecondFactor', 'disable', 'endSessions'] as const).map((change) => ({
      key: change,
      label: t(`users.${textsOf(change, user)}.action`),
      danger: change === 'disable',
      hidden: !offered(change, user),
      run: () => ask(change, user),
    }))

  return { actionsFor }
}
