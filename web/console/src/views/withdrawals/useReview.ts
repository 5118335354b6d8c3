import { useI18n } from 'vue-i18n'
import { approveWithdrawal, refuseWithdrawal } from '@/api/quota'
import type { Withdrawal } from '@/api/types'
import { confirmAction } from '@/composables/useConfirm'
import { useFormat } from '@/composables/useFormat'

/** What a superior may do with a withdrawal, the same in the list and in its drawer. `pay` opens the dialog for the reference. */
export function useReview(changed: (withdrawal: Withdrawal) => void, pay: (withdrawal: Withdrawal) => void) {
  const { t } = useI18n()
  const { quota } = useFormat()

  const approve = (one: Withdrawal) =>
    confirmAction({
      title: t('withdrawals.approve.title', { name: one.agent.name }),
      message: t('withdrawals.approve.message', { n: quota(one.amount) }),
      confirm: t('withdrawals.approve.action'),
      action: async () => {
        changed(await approveWithdrawal(one.id))
        ElMessage.success(t('withdrawals.approve.done'))
      },
    })
  const refuse = (one: Withdrawal) =>
    confirmAction({
      title: t('withdrawals.refuse.title', { name: one.agent.name }),
      message: t('withdrawals.refuse.message', { n: quota(one.amount) }),
      confirm: t('withdrawals.refuse.action'),
      danger: true,
      reason: { label: t('withdrawals.refuse.reason'), required: true },
      action: async (reason) => {
        changed(await refuseWithdrawal(one.id, reason))
        ElMessage.success(t('withdrawals.refuse.done'))
      },
    })

  const actionsFor = (one: Withdrawal) => [
    {
      key: 'approve',
      label: t('withdrawals.approve.action'),
      hidden: one.state !== 'pending',
      run: () => approve(one),
    },
    {
      key: 'refuse',
      label: t('withdrawals.refuse.action'),
      danger: true,
      hidden: one.state !== 'pending',
      run: () => refuse(one),
    },
    { key: 'pay', label: t('withdrawals.pay.action'), hidden: one.state !== 'approved', run: () => pay(one) },
  ]
  return { actionsFor }
}
