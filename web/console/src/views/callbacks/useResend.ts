import { useI18n } from 'vue-i18n'
import { resendDelivery } from '@/api/callbacks'
import type { Delivery } from '@/api/types'
import { confirmAction } from '@/composables/useConfirm'

export function useResend(changed: (delivery: Delivery) => void) {
  const { t, te } = useI18n()
  // A dot would lead the look-up a level deeper.
  const eventText = (event: string): string => {
    const path = `callbacks.event.${event.replaceAll('.', '_')}`
    return te(path, 'zh-CN') ? t(path) : event
  }

  const resend = (delivery: Delivery) =>
    confirmAction({
      title: t('callbacks.resend.title', { event: eventText(delivery.event) }),
      message: t('callbacks.resend.message', { url: delivery.url }),
      confirm: t('callbacks.resend.action'),
      action: async () => {
        changed(await resendDelivery(delivery.id))
        ElMessage.success(t('callbacks.resend.done'))
      },
    })
  return { resend, eventText }
}
