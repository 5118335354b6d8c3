import { beforeEach, describe, expect, it } from 'vitest'
import { nextTick } from 'vue'
import { isCode } from '@/api/problem'
import { usePhoneCode } from '@/composables/usePhoneCode'
import { CodeTickets, type TicketShelf } from '@/shared/code-ticket'
import { mayBe } from '@/shared/phone'
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
    data: { ticket: 'tkt_1', valid_seconds: 300, again_seconds: 60, customers_only: false, known_networks_only: false },
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
    expect(form.codeError, 'that it is on its way is not hidden by what was said before').toBe('')
    expect(form.proof()).toEqual({ phone: '13900139000', ticket: 'tkt_1', code: '123456' })
    // Another number has had no code.
    form.phone = '13700137000'
    expect(form.proof()).toBeNull()
  })

  it('are not sent where the number is not the one that was shown', async () => {
    const wrong = (phone: string) => (mayBe(phone, '139****9000') ? '' : 'another')
    const form = usePhoneCode(new CodeTickets(shelf()), new Resend(), { wrong })
    for (const other of ['13900139001', '13800139000']) {
      form.phone = other
      await nextTick()
      await form.send()
      expect(form.phoneError).toBe('another')
    }
    expect(sent).toEqual([])
    form.phone = '+86 139 0013 9000'
    await nextTick()
    await form.send()
    expect(form.phoneError).toBe('')
    expect(sent).toEqual([{ phone: '+8613900139000' }])
    expect(mayBe('13700137000', '')).toBe(true)
  })

  it('may come to some alone, which is said to everybody', async () => {
    const plain = answer.data as object
    const said = async (part: { customers_only?: boolean; known_networks_only?: boolean }) => {
      answer.data = { ...plain, ...part }
      const form = usePhoneCode(new CodeTickets(shelf()), new Resend())
      form.phone = '13900139000'
      await form.send()
      return form.sent
    }
    const all = await said({})
    const customers = await said({ customers_only: true })
    const networks = await said({ known_networks_only: true })
    expect(new Set([all, customers, networks, '']).size).toBe(4)
    expect(networks).toContain('5')
    expect(await said({ customers_only: true, known_networks_only: true })).toBe(networks)
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

  it('leave what the server says to whoever shows it elsewhere, and wait all the same', async () => {
    const refusals: boolean[] = []
    const refused = (error: unknown) => void refusals.push(isCode(error, 'RATE_LIMITED'))
    const form = usePhoneCode(new CodeTickets(shelf()), new Resend(), { refused })
    answer = { statusCode: 429, data: { code: 'RATE_LIMITED', retry_after_seconds: 40 } }
    form.phone = '13900139000'
    await form.send()
    expect(refusals).toEqual([true])
    expect([form.phoneError, form.sent, form.sending]).toEqual(['', '', false])
    expect(form.wait).toBeGreaterThan(30)
    await form.send()
    expect(sent, 'not asked for again while the server has said to wait').toHaveLength(1)
  })
})
