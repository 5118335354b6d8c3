import { useI18n } from 'vue-i18n'
import { dismissDelivery, resendDelivery } from '@/api/callbacks'
import type { Delivery } from '@/api/types'
import { confirmAction } from '@/composables/useConfirm'

/** Sending one again, and saying that one that failed was looked after; the same in the list and on the delivery's page. */
export function useDeliveryActions(changed: (delivery: Delivery) => void) {
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

  const dismiss = (delivery: Delivery) =>
    confirmAction({
      title: t('callbacks.dismiss.title', { event: eventText(delivery.event) }),
      message: t('callbacks.dismiss.message'),
      confirm: t('callbacks.dismiss.action'),
      action: async () => {
        changed(await dismissDelivery(delivery.id))
        ElMessage.success(t('callbacks.dismiss.done'))
      },
    })
  return { resend, dismiss, eventText }
}
