import { computed, reactive, ref, watch } from 'vue'
import * as api from '@/api/customer'
import { ApiError } from '@/api/problem'
import type { PhoneCode, PhoneProof } from '@/api/types'
import { t } from '@/locales'
import type { CodeTickets } from '@/shared/code-ticket'
import { errorText, fieldError } from '@/shared/error-text'
import { cleanPhone, looksLikeCode, looksLikePhone } from '@/shared/phone'
import type { Resend } from '@/shared/resend'
import { useNow } from './useNow'

interface PhoneCodeOptions {
  /** What else there is to say against a number, before anything is sent. */
  wrong?: (phone: string) => string
  /** Shows why no code was sent, where that is not said beside the number. */
  refused?: (error: unknown) => void
}

/** A number that is typed, and the code that is sent to it. */
export function usePhoneCode(tickets: CodeTickets, again: Resend, options: PhoneCodeOptions = {}) {
  const { wrong = () => '', refused = sayBesideNumber } = options
  const { now, tick } = useNow()
  // Whoever went to read the message may find the page loaded anew.
  const phone = ref(tickets.phone() ?? '')
  const code = ref('')
  const phoneError = ref('')
  const codeError = ref('')
  const sent = ref('')
  const sending = ref(false)

  const wait = computed(() => again.secondsLeft(now.value))
  const sendText = computed(() => {
    if (wait.value > 0) return t('signIn.wait', { n: wait.value })
    return sent.value ? t('signIn.sendAgain') : t('signIn.send')
  })
  watch(phone, () => (phoneError.value = ''))
  watch(code, () => (codeError.value = ''))

  function checkedPhone(): string | null {
    const number = cleanPhone(phone.value)
    phoneError.value = looksLikePhone(number) ? wrong(number) : t('signIn.phoneWrong')
    return phoneError.value ? null : number
  }

  function sayBesideNumber(error: unknown): void {
    if (!(error instanceof ApiError)) throw error
    phoneError.value = fieldError(error, 'phone') || errorText(error)
  }

  async function send(): Promise<void> {
    const number = checkedPhone()
    if (number === null || sending.value || wait.value > 0) return
    sending.value = true
    try {
      const answer = await api.sendPhoneCode(number)
      tickets.keep(number, answer)
      again.after(answer.again_seconds)
      // What was said of the code before, an older one or none, would hide that this one is on its way.
      codeError.value = ''
      sent.value = sentText(answer)
    } catch (error) {
      if (error instanceof ApiError && error.code === 'RATE_LIMITED') {
        again.after(error.problem.retry_after_seconds ?? 60)
      }
      refused(error)
    } finally {
      sending.value = false
      tick()
    }
  }

  /** What shows that one holds the phone; what is missing for it is said beside its field. */
  function proof(): PhoneProof | null {
    const number = checkedPhone()
    const digits = code.value.trim()
    if (!looksLikeCode(digits)) codeError.value = t('signIn.codeWrong')
    if (number === null || !looksLikeCode(digits)) return null
    const ticket = tickets.of(number)
    if (ticket === null) codeError.value = t('signIn.codeFirst')
    return ticket === null ? null : { phone: number, ticket, code: digits }
  }

  const used = (): void => tickets.used()

  return reactive({ phone, code, phoneError, codeError, sent, sending, wait, sendText, send, proof, used })
}

/** Whether a text comes at all may depend on whose the number is, which nobody is told. */
function sentText(answer: PhoneCode): string {
  const minutes = { n: Math.max(1, Math.round(answer.valid_seconds / 60)) }
  if (answer.known_networks_only) return t('signIn.sentToKnownNetworks', minutes)
  return answer.customers_only ? t('signIn.sentToCustomers', minutes) : t('signIn.sent', minutes)
}

export type PhoneCodeForm = ReturnType<typeof usePhoneCode>
