import { describe, expect, it } from 'vitest'
import { ApiError } from '@/api/problem'
import type { Problem } from '@/api/types'
import { useForm } from '@/composables/useForm'
import { useFormErrors } from '@/composables/useFormErrors'

const problem = (extra: Partial<Problem>): ApiError =>
  new ApiError({ type: 'about:blank', title: 'Title', status: 422, code: 'INVALID', ...extra })

describe('form errors', () => {
  it('go beside the field that the form shows, the first one per field', () => {
    const errors = useFormErrors(() => ['name', 'email'])
    errors.capture(
      problem({
        errors: [
          { field: 'name', code: 'NAME_TAKEN', message: 'taken' },
          { field: 'name', code: 'TOO_SHORT', message: 'short' },
        ],
      }),
    )
    expect(errors.fields).toEqual({ name: 'taken' })
    expect(errors.general.value).toBe('')
  })

  it('of nested fields go to the field that holds them', () => {
    const errors = useFormErrors(() => ['prices', 'captcha'])
    errors.capture(
      problem({
        errors: [
          { field: 'prices[1].price', code: 'X', message: 'negative' },
          { field: 'captcha.answer', code: 'X', message: 'wrong' },
        ],
      }),
    )
    expect(errors.fields).toEqual({ prices: 'negative', captcha: 'wrong' })
  })

  it('of fields that are not shown are never swallowed', () => {
    const errors = useFormErrors(() => ['name'])
    errors.capture(problem({ errors: [{ field: 'role', code: 'X', message: 'not allowed' }] }))
    expect(errors.general.value).toBe('not allowed')
  })

  it('without fields show our own words where we have them, else the server’s', () => {
    const errors = useFormErrors(() => ['name'])
    errors.capture(problem({ code: 'QUOTA_INSUFFICIENT', detail: 'only 3 left' }))
    expect(errors.general.value).toBe('only 3 left')
    errors.capture(problem({ status: 423, code: 'ACCOUNT_LOCKED', retry_after_seconds: 850 }))
    expect(errors.general.value).toContain('15')
    errors.capture(new TypeError('bug'))
    expect(errors.general.value).not.toContain('bug')
  })
})

describe('a form', () => {
  it('repeats its idempotency key while nobody knows what happened, and renews it after a refusal or a success', async () => {
    const keys: string[] = []
    const form = useForm(() => ({ amount: 1 }))
    const answers: (() => Promise<void>)[] = [
      () => Promise.reject(problem({ status: 0, code: 'NETWORK' })),
      () => Promise.reject(problem({ status: 503, code: 'BUSY' })),
      () => Promise.reject(problem({ status: 409, code: 'IDEMPOTENCY_IN_PROGRESS' })),
      () => Promise.reject(problem({ status: 409, code: 'QUOTA_INSUFFICIENT' })),
      () => Promise.resolve(),
      () => Promise.resolve(),
    ]
    for (const answer of answers) {
      await form.submit((_, key) => {
        keys.push(key)
        return answer()
      })
    }
    expect(keys[1]).toBe(keys[0])
    expect(keys[2]).toBe(keys[0])
    expect(keys[3]).toBe(keys[0])
    expect(keys[4]).not.toBe(keys[0])
    expect(keys[5]).not.toBe(keys[4])
    for (const key of keys) expect(key).toMatch(/^[A-Za-z0-9_-]{8,64}$/)
  })

  it('says that somebody else was quicker, and keeps what was filled in until it is begun anew', async () => {
    const form = useForm(() => ({ name: '' }))
    form.model.name = 'mine'
    const refused = (code: string) => form.submit(() => Promise.reject(problem({ status: 409, code })))
    await refused('NOT_PENDING')
    expect(form.stale.value).toBe(false)
    await refused('CHANGED_MEANWHILE')
    expect([form.stale.value, form.model.name]).toEqual([true, 'mine'])
    form.reset({ name: 'theirs' })
    expect([form.stale.value, form.model.name]).toEqual([false, 'theirs'])
  })

  it('is sent once however often one clicks, and not at all while its own check objects', async () => {
    let sent = 0
    const form = useForm(() => ({ name: '' }), { check: ({ name }) => (name ? {} : { name: 'missing' }) })
    const send = () => form.submit(() => new Promise<void>((resolve) => setTimeout(resolve, 5)).then(() => void sent++))
    expect(await send()).toBe(false)
    expect(form.fields).toEqual({ name: 'missing' })
    form.model.name = 'someone'
    expect(form.fields).toEqual({})
    await Promise.all([send(), send()])
    expect(sent).toBe(1)
  })
})
