import { beforeEach, describe, expect, it, vi } from 'vitest'
import * as api from '@/api/customer'
import { ApiError } from '@/api/problem'
import { CodeTickets, type TicketShelf } from '@/shared/code-ticket'
import { errorText } from '@/shared/error-text'
import { blockerOfCode } from '@/shared/table-state'

let now: number
let kept: ReturnType<TicketShelf['read']>
const shelf: TicketShelf = { read: () => kept, write: (next) => (kept = next), clear: () => (kept = null) }
const tickets = () => new CodeTickets(shelf, () => now)
const SENT = { ticket: 'tkt_1', valid_seconds: 300 }

beforeEach(() => {
  now = 1_000_000
  kept = null
})

describe('the ticket of a code', () => {
  it('is that of the number it was sent to, across pages', () => {
    tickets().keep('13800000000', SENT)
    expect([tickets().of('13800000000'), tickets().phone()]).toEqual(['tkt_1', '13800000000'])
    expect(tickets().of('13900000000')).toBeNull()
  })

  it('is no good after its time, nor twice', () => {
    tickets().keep('13800000000', SENT)
    now += 300_000
    expect([tickets().of('13800000000'), tickets().phone()]).toEqual([null, null])
    tickets().keep('13800000000', SENT)
    tickets().used()
    expect(tickets().of('13800000000')).toBeNull()
  })

  it('goes back with the code', async () => {
    const sent: unknown[] = []
    const request = vi.spyOn(uni, 'request').mockImplementation(((options: UniApp.RequestOptions) => {
      sent.push(options.data)
      options.success?.({ statusCode: 200, data: {}, header: {}, cookies: [] })
    }) as typeof uni.request)
    await api.signIn('tkt_1', '13800000000', '123456')
    expect(sent).toEqual([{ ticket: 'tkt_1', phone: '13800000000', code: '123456', join: false }])
    request.mockRestore()
  })
})

describe('a refusal', () => {
  it('says how long to wait after tables that were opened for nothing', () => {
    const error = new ApiError({ status: 409, code: 'OPENED_TOO_OFTEN', retry_after_seconds: 601 })
    expect(errorText(error)).toContain('11 分钟')
    expect(blockerOfCode(error.code)).toBe('often')
  })
})
