import { randomUUID } from 'node:crypto'
import { request, type IncomingMessage } from 'node:http'
import { text } from 'node:stream/consumers'
import type * as T from '../../src/api/types'
import { base, mailTo } from './api'

/** A payment order as a customer sees it. */
export interface CustomerOrder {
  id: string
  subject: string
  state: T.PayOrder['state']
  next: { kind: 'redirect'; url: string } | null
}

/**
 * From one address forty codes an hour can be asked for, and what happens in browsers needs almost as many: these are asked for from
 * another of the addresses that this machine has.
 */
const BESIDE = '127.0.0.2'

/** Answers the ticket that is to come back with the code. */
async function askForCode(phone: string): Promise<string> {
  const headers = { 'Accept-Language': 'zh-CN', 'Content-Type': 'application/json' }
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    request(`${base}/customer/v1/phone-codes`, { method: 'POST', headers, localAddress: BESIDE })
      .on('response', resolve)
      .on('error', reject)
      .end(JSON.stringify({ phone }))
  })
  const said = await text(answer)
  if (answer.statusCode !== 202) throw new Error(`POST /phone-codes: ${answer.statusCode} ${said}`)
  return (JSON.parse(said) as { ticket: string }).ticket
}

/** The customers' API as somebody who has signed in by phone. */
export class Customer {
  private constructor(private readonly token: string) {}

  /** By a number that no other run on this server has, unless it is said. */
  static async signedIn(phone = `139${String(Date.now()).slice(-8)}`): Promise<Customer> {
    const visitor = new Customer('')
    const ticket = await askForCode(phone)
    const code = await mailTo(phone, /(\d{6})/)
    const { token } = await visitor.call<{ token: string }>('POST', '/sign-in', { ticket, phone, code })
    return new Customer(token)
  }

  static async guest(): Promise<Customer> {
    const { token } = await new Customer('').call<{ token: string }>('POST', '/guests', {})
    return new Customer(token)
  }

  async call<R>(method: string, path: string, body?: unknown): Promise<R> {
    const response = await fetch(`${base}/customer/v1${path}`, {
      method,
      headers: {
        'Accept-Language': 'zh-CN',
        ...(this.token && { Authorization: `Bearer ${this.token}` }),
        ...(method !== 'GET' && { 'Idempotency-Key': randomUUID() }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    const said = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${said}`)
    return (said ? JSON.parse(said) : undefined) as R
  }

  me = () => this.call<T.Customer>('GET', '/me')
  signOut = () => this.call<void>('POST', '/sign-out', {})
  recharge = (amount: number, method: T.PayMethod) =>
    this.call<CustomerOrder>('POST', '/orders', { method, recharge: { amount_fen: amount } })
  order = (id: string) => this.call<CustomerOrder>('GET', `/orders/${id}`)
}
