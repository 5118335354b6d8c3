import { useI18n } from 'vue-i18n'
import { cancelBatch, exportKeys } from '@/api/keys'
import type { Batch } from '@/api/types'
import { confirmAction } from '@/composables/useConfirm'
import { useFormat } from '@/composables/useFormat'
import { download } from '@/shared/download'
import { errorText } from '@/shared/error-text'
import { useQuotaStore } from '@/stores/quota'

/** What one may do with a batch, the same in the list and on its page. */
export function useBatchActions(changed: (batch: Batch) => void) {
  const { t } = useI18n()
  const { quota } = useFormat()
  const quotas = useQuotaStore()

  const cancel = (batch: Batch) =>
    confirmAction({
      title: t('batches.cancel.title'),
      message: t('batches.cancel.message', { made: quota(batch.made), count: quota(batch.count) }),
      confirm: t('batches.cancel.action'),
      danger: true,
      action: async () => {
        changed(await cancelBatch(batch.id))
        void quotas.refresh()
        ElMessage.success(t('batches.cancel.done'))
      },
    })

  async function save(batch: Batch, format: 'csv' | 'xlsx'): Promise<void> {
    try {
      download((await exportKeys({ batch: batch.id, format })).url)
      ElMessage.success(t('keys.export.begun'))
    } catch (error) {
      ElMessage.error(errorText(error))
    }
  }
  return { cancel, save }
}
