import { useI18n } from 'vue-i18n'
import type { PayProblem } from '@/api/types'
import { useFormat } from '@/composables/useFormat'

/** What a problem says, in the reader’s language. A code that only a newer server knows is shown plainly. */
export function useProblemText() {
  const { t, te } = useI18n()
  const { money } = useFormat()
  return ({ code, amount_fen, number }: PayProblem): string => {
    const path = `problems.code.${code}`
    return te(path, 'zh-CN') ? t(path, { money: money(amount_fen ?? 0), number: number ?? '' }) : code
  }
}
