import { nextTick, reactive, ref, watch } from 'vue'
import { ApiError } from '@/api/problem'
import { useFormErrors } from './useFormErrors'
import { useIdempotencyKey } from './useIdempotencyKey'

type Messages<T> = Partial<Record<keyof T & string, string>>

interface FormOptions<T> {
  /** What can be said before asking the server: a message per field. */
  check?: (model: T) => Messages<T>
}

/** A form's values, its messages, whether it is being sent, and its idempotency key. */
export function useForm<T extends object>(initial: () => T, options: FormOptions<T> = {}) {
  const model = reactive(initial()) as T
  const names = Object.keys(model) as (keyof T & string)[]
  const errors = useFormErrors(() => names)
  const idempotency = useIdempotencyKey()
  const busy = ref(false)
  /** Somebody else has changed meanwhile what this form is about. */
  const stale = ref(false)

  for (const name of names) {
    watch(
      () => model[name],
      () => delete errors.fields[name],
      { deep: true, flush: 'sync' },
    )
  }

  function reset(values: Partial<T> = {}): void {
    Object.assign(model, initial(), values)
    errors.clear()
    stale.value = false
    idempotency.renew()
  }

  async function focusFirstError(): Promise<void> {
    await nextTick()
    document.querySelector<HTMLElement>('.el-form-item.is-error :is(input, textarea)')?.focus()
  }

  function refused(): boolean {
    errors.clear()
    const messages = options.check?.(model) ?? {}
    for (const [name, message] of Object.entries(messages)) if (message) errors.fields[name] = String(message)
    return Object.keys(errors.fields).length > 0
  }

  /** Checks, sends, sorts a refusal to its fields. True when it was done. */
  async function submit<R>(
    send: (model: T, idempotencyKey: string) => Promise<R>,
    done?: (answer: R) => void | Promise<void>,
    failed?: (error: unknown) => boolean,
  ): Promise<boolean> {
    if (busy.value) return false
    if (refused()) {
      await focusFirstError()
      return false
    }
    busy.value = true
    stale.value = false
    try {
      const answer = await send(model, idempotency.key.value)
      idempotency.renew()
      await done?.(answer)
      return true
    } catch (error) {
      idempotency.settle(error)
      stale.value = error instanceof ApiError && error.code === 'CHANGED_MEANWHILE'
      if (failed?.(error)) return false
      errors.capture(error)
      await focusFirstError()
      return false
    } finally {
      busy.value = false
    }
  }

  return { model, fields: errors.fields, general: errors.general, stale, busy, reset, submit, capture: errors.capture }
}
