import { useI18n } from 'vue-i18n'
import { disableKeys, enableKeys, unbindKey } from '@/api/keys'
import type { Key, KeySelection } from '@/api/types'
import { confirmAction } from '@/composables/useConfirm'
import { useFormat } from '@/composables/useFormat'

/** What one may do to keys, in the list and on a key's page. */
export function useKeyActions() {
  const { t } = useI18n()
  const { quota } = useFormat()

  /** `about` says how many and which, as a sentence. */
  const change = (kind: 'disable' | 'enable', selection: KeySelection, about: string, done: () => unknown) =>
    confirmAction({
      title: t(`keys.${kind}.title`),
      message: `${about} ${t(`keys.${kind}.message`)}`,
      confirm: t(`keys.${kind}.action`),
      danger: kind === 'disable',
      action: async () => {
        const { changed, skipped } = await (kind === 'disable' ? disableKeys : enableKeys)(selection)
        const numbers = { changed: quota(changed), skipped: quota(skipped) }
        if (changed === 0 && skipped > 0) ElMessage.warning(t(`keys.${kind}.doneNone`, numbers))
        else ElMessage.success(t(skipped > 0 ? `keys.${kind}.doneSome` : `keys.${kind}.done`, numbers))
        await done()
      },
    })

  /** One device, or all of them. */
  const unbind = (key: Key, deviceId: string | undefined, left: number | null, done: (key: Key) => unknown) => {
    const freed = key.devices.filter(({ id }) => deviceId === undefined || id === deviceId)
    const rest = key.devices.length - freed.length
    const devices = freed.map(({ name, id }) => name || id).join(', ')
    return confirmAction({
      title: t('keys.unbind.title'),
      message: [
        t(rest > 0 ? 'keys.unbind.messageOne' : 'keys.unbind.message', { devices }),
        left === null ? t('keys.unbind.unlimited') : t('keys.unbind.left', { n: quota(left - 1) }),
      ].join(' '),
      confirm: t('keys.unbind.action'),
      danger: true,
      action: async () => {
        await done(await unbindKey(key.id, deviceId))
        ElMessage.success(t('keys.unbind.done'))
      },
    })
  }
  return { change, unbind }
}
