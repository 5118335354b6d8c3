import { useI18n } from 'vue-i18n'
import { offered, textsOf, type Change } from './changes'
import type { User } from '@/api/types'
import { disableUser, enableUser, endUserSessions, resetUserSecondFactor, unlockUser } from '@/api/users'
import { confirmAction } from '@/composables/useConfirm'
import { useSessionStore } from '@/stores/session'

const calls: Record<Change, (id: string) => Promise<User>> = {
  disable: disableUser,
  enable: enableUser,
  unlock: unlockUser,
  resetSecondFactor: resetUserSecondFactor,
  endSessions: endUserSessions,
}

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

  /** As row actions or buttons, in this order. */
  const actionsFor = (user: User) =>
    (['unlock', 'enable', 'resetSecondFactor', 'disable', 'endSessions'] as const).map((change) => ({
      key: change,
      label: t(`users.${textsOf(change, user)}.action`),
      danger: change === 'disable',
      hidden: !offered(change, user, session.me),
      run: () => ask(change, user),
    }))

  return { actionsFor }
}
