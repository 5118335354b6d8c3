import { beforeEach, describe, expect, it } from 'vitest'
import { usePhoneCode } from '@/composables/usePhoneCode'
import { CodeTickets, type TicketShelf } from '@/shared/code-ticket'
import { Resend } from '@/shared/resend'

interface Sent {
  url: string
  data?: unknown
  success(answer: { statusCode: number; data: unknown; header: unknown }): void
}
type Kept = NonNullable<ReturnType<TicketShelf['read']>>

function shelf(): TicketShelf {
  let kept: Kept | null = null
  return { read: () => kept, write: (next) => void (kept = next), clear: () => void (kept = null) }
}
let sent: unknown[] = []
let answer = { statusCode: 202, data: {} as unknown }

beforeEach(() => {
  sent = []
  answer = {
    statusCode: 202,
    data: { ticket: 'tkt_1', valid_seconds: 300, again_seconds: 60, customers_only: false },
  }
  Object.assign(uni, {
    request: (options: Sent) => {
      sent.push(options.data)
      options.success({ ...answer, header: {} })
    },
  })
})

describe('a number and its code', () => {
  it('show that one holds the phone, once the code was sent there', async () => {
    const form = usePhoneCode(new CodeTickets(shelf()), new Resend())
    form.phone = '139 0013 9000'
    form.code = '123456'
    expect(form.proof()).toBeNull()
    expect(form.codeError).not.toBe('')
    await form.send()
    expect(sent).toEqual([{ phone: '13900139000' }])
    expect(form.proof()).toEqual({ phone: '13900139000', ticket: 'tkt_1', code: '123456' })
    // Another number has had no code.
    form.phone = '13700137000'
    expect(form.proof()).toBeNull()
  })

  it('are not sent twice within the time that the server has named', async () => {
    const form = usePhoneCode(new CodeTickets(shelf()), new Resend())
    form.phone = '13900139000'
    await form.send()
    await form.send()
    expect(sent).toHaveLength(1)
    expect(form.wait).toBeGreaterThan(0)
  })

  it('are refused here where they can be none, and say why where the server refuses', async () => {
    const form = usePhoneCode(new CodeTickets(shelf()), new Resend())
    form.phone = '1'
    form.code = '12'
    await form.send()
    expect(form.proof()).toBeNull()
    expect([sent.length, form.phoneError === '', form.codeError === '']).toEqual([0, false, false])
    answer = {
      statusCode: 422,
      data: { code: 'INVALID', errors: [{ field: 'phone', code: 'INVALID', message: 'no number' }] },
    }
    form.phone = '23900139000'
    await form.send()
    expect(form.phoneError).toBe('no number')
  })
})
