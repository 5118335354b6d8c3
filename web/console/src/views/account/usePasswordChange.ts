import { useI18n } from 'vue-i18n'
import { passwordChangeCheck } from './checks'
import { changePassword } from '@/api/account'
import { useForm } from '@/composables/useForm'
import { useSessionStore } from '@/stores/session'

/** Another password in the place of one's own, whether one wants it or has to. */
export function usePasswordChange(done: () => void | Promise<void>) {
  const { t } = useI18n()
  const session = useSessionStore()

  const form = useForm(() => ({ current: '', password: '', repeat: '' }), {
    check: (model) => {
      const n = session.config.password_min_length
      const wrong = passwordChangeCheck(model, n)
      return wrong ? { [wrong.field]: t(`account.check.${wrong.text}`, { n }) } : {}
    },
  })
  const send = () => form.submit(({ current, password }) => changePassword(current, password), done)

  return { ...form, send }
}
