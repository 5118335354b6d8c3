import { reactive, ref } from 'vue'
import { ApiError } from '@/api/problem'
import { errorText } from '@/shared/error-text'

/** Sorts a refusal into messages beside the fields that the form shows, and one above it for the rest. */
export function useFormErrors(shown: () => readonly string[]) {
  const fields = reactive<Record<string, string>>({})
  const general = ref('')

  function clear(): void {
    for (const name of Object.keys(fields)) delete fields[name]
    general.value = ''
  }

  function capture(error: unknown): void {
    clear()
    const entries = error instanceof ApiError ? (error.problem.errors ?? []) : []
    const elsewhere: string[] = []
    for (const { field, message } of entries) {
      // `prices[0].price` and `captcha.answer` belong to the field that the form calls `prices`, `captcha`.
      const name = shown().find((own) => own === field || field.startsWith(`${own}.`) || field.startsWith(`${own}[`))
      if (name === undefined) elsewhere.push(message)
      else fields[name] ??= message
    }
    if (entries.length === 0) general.value = errorText(error)
    else general.value = elsewhere.join(' ')
  }

  return { fields, general, capture, clear }
}
