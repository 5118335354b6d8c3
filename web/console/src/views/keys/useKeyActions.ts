import { useI18n } from 'vue-i18n'
import { disableKeys, enableKeys, unbindKey, unbindKeyBeyondLimit } from '@/api/keys'
import type { Key, KeySelection } from '@/api/types'
import { confirmAction } from '@/composables/useConfirm'
import { useFormat } from '@/composables/useFormat'

/** What the server takes as a reason for going beyond the limit. */
const LONGEST_REASON = 200

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

  /** What becomes of the key without one device, or without all of them. */
  const freeing = (key: Key, deviceId: string | undefined): string => {
    const freed = key.devices.filter(({ id }) => deviceId === undefined || id === deviceId)
    const rest = key.devices.length - freed.length
    const devices = freed.map(({ name, id }) => name || id).join(', ')
    return t(rest > 0 ? 'keys.unbind.messageOne' : 'keys.unbind.message', { devices })
  }

  /** With `left` 0 the project's limit is reached, and one says why it does not count. */
  const unbind = (key: Key, deviceId: string | undefined, left: number | null, done: (key: Key) => unknown) => {
    const beyond = left === 0
    const count = left === null ? t('keys.unbind.unlimited') : t('keys.unbind.left', { n: quota(left - 1) })
    return confirmAction({
      title: t(beyond ? 'keys.unbind.beyondTitle' : 'keys.unbind.title'),
      message: [freeing(key, deviceId), beyond ? t('keys.unbind.beyondMessage') : count].join(' '),
      confirm: t('keys.unbind.action'),
      danger: true,
      reason: beyond ? { label: t('keys.unbind.reason'), required: true, longest: LONGEST_REASON } : undefined,
      action: async (reason) => {
        await done(await (beyond ? unbindKeyBeyondLimit(key.id, reason, deviceId) : unbindKey(key.id, deviceId)))
        ElMessage.success(t('keys.unbind.done'))
      },
    })
  }
  return { change, unbind }
}
