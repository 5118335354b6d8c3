import { useI18n } from 'vue-i18n'
import type { FloorTable } from '@/api/types'
import { releaseTable } from '@/api/holds'
import { cleaned } from '@/api/offers'
import { bringBack, closeTable, giveLightBack, reissueCode, retireTable, takeOut, testLight } from '@/api/venues'
import { confirmAction } from '@/composables/useConfirm'
import { useFormat } from '@/composables/useFormat'
import { usePermissions } from '@/composables/usePermissions'

type Change = 'close' | 'cleaned' | 'release' | 'giveBack' | 'takeOut' | 'test' | 'bringBack' | 'reissue' | 'retire'

const LONGEST_NOTE = 200

/** What is done to a table after a question. `changed` is told what was done, after each. */
export function useTableActions(changed: (change: Change) => unknown) {
  const { t } = useI18n()
  const { money } = useFormat()
  const { can } = usePermissions()

  /** Carries it out; what to say then. */
  const calls: Record<Change, (table: FloorTable, reason: string, chosen: boolean) => Promise<string>> = {
    async close({ id, name }, why, fault) {
      const { bill, split } = await closeTable(id, { why, fault })
      if (bill?.total_fen && split) return t('floor.close.doneSplit', { name, money: money(bill.total_fen) })
      return bill?.total_fen
        ? t('floor.close.done', { name, money: money(bill.total_fen) })
        : t('floor.close.doneFree', { name })
    },
    async cleaned({ id, name }) {
      await cleaned(id)
      return t('floor.cleaned.done', { name })
    },
    async release({ id, name }) {
      await releaseTable(id)
      return t('floor.release.done', { name })
    },
    async giveBack({ id }) {
      await giveLightBack(id)
      return t('floor.giveBack.done')
    },
    async takeOut({ id, name }, note) {
      await takeOut(id, note)
      return t('floor.takeOut.done', { name })
    },
    async test({ id }) {
      await testLight(id)
      return t('power.test.done')
    },
    async bringBack({ id, name }, note) {
      await bringBack(id, note)
      return t('floor.bringBack.done', { name })
    },
    async reissue({ id }) {
      await reissueCode(id)
      return t('floor.reissue.done')
    },
    async retire({ id, name }) {
      await retireTable(id)
      return t('floor.retire.done', { name })
    },
  }

  const reasons: Partial<Record<Change, { label: string; required: boolean }>> = {
    close: { label: 'floor.close.why', required: true },
    takeOut: { label: 'floor.takeOut.note', required: true },
    bringBack: { label: 'floor.bringBack.note', required: false },
  }

  function ask(change: Change, table: FloorTable): Promise<boolean> {
    const reason = reasons[change]
    const words = change === 'test' ? 'power.test' : `floor.${change}`
    const opening = change === 'close' && table.state === 'opening'
    return confirmAction({
      title: t(`${words}.title`, { name: table.name }),
      message: t(opening ? 'floor.close.messageOpening' : `${words}.message`),
      confirm: t(`${words}.action`),
      danger: change !== 'giveBack' && change !== 'test' && change !== 'bringBack',
      reason: reason && { ...reason, label: t(reason.label), longest: LONGEST_NOTE },
      // Before the light is on nothing is charged, whoever is why. It gives money back, which a cashier may not.
      choice: change === 'close' && !opening && can('tables.operate') ? t('floor.close.fault') : undefined,
      action: async (text, chosen) => {
        ElMessage.success(await calls[change](table, text, chosen))
        void changed(change)
      },
    })
  }

  return { ask }
}
