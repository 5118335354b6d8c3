import { useI18n } from 'vue-i18n'
import { approveWithdrawal, cancelWithdrawal, refuseWithdrawal, returnWithdrawal } from '@/api/quota'
import type { Withdrawal } from '@/api/types'
import { confirmAction } from '@/composables/useConfirm'
import { useFormat } from '@/composables/useFormat'
import { useSessionStore } from '@/stores/session'

/**
 * What may be done with a withdrawal, the same in the list and in its drawer: the superior decides, pays or returns it,
 * and whoever asked cancels it. `pay` opens the dialog for the reference.
 */
export function useWithdrawalActions(changed: (withdrawal: Withdrawal) => void, pay: (withdrawal: Withdrawal) => void) {
  const { t } = useI18n()
  const { quota } = useFormat()
  const session = useSessionStore()

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
  const giveBack = (one: Withdrawal) =>
    confirmAction({
      title: t('withdrawals.return.title', { name: one.agent.name }),
      message: t('withdrawals.return.message', { n: quota(one.amount) }),
      confirm: t('withdrawals.return.action'),
      danger: true,
      reason: { label: t('withdrawals.return.reason'), required: true },
      action: async (reason) => {
        changed(await returnWithdrawal(one.id, reason))
        ElMessage.success(t('withdrawals.return.done'))
      },
    })
  const cancel = (one: Withdrawal) =>
    confirmAction({
      title: t('withdrawals.cancel.title'),
      message: t('withdrawals.cancel.message', { n: quota(one.amount) }),
      confirm: t('withdrawals.cancel.action'),
      action: async () => {
        changed(await cancelWithdrawal(one.id))
        ElMessage.success(t('withdrawals.cancel.done'))
      },
    })

  const ownActions = (one: Withdrawal) => [
    {
      key: 'cancel',
      label: t('withdrawals.cancel.action'),
      danger: true,
      hidden: one.state !== 'pending',
      run: () => cancel(one),
    },
  ]
  const reviewActions = (one: Withdrawal) => [
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
    {
      key: 'return',
      label: t('withdrawals.return.action'),
      danger: true,
      hidden: one.state !== 'approved' && one.state !== 'paid',
      run: () => giveBack(one),
    },
  ]
  /** By whose it is, not by the list: an admin's own opens from a notification beside those it reviews. */
  const actionsFor = (one: Withdrawal) => (one.agent.id === session.me?.id ? ownActions(one) : reviewActions(one))
  return { actionsFor }
}
