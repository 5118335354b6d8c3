import { createHash, randomUUID } from 'node:crypto'
import { expect } from '@playwright/test'
import type * as T from '../../src/api/types'
import { demoAccount, unique, type Account, type DemoRole } from './demo'

export const base = (process.env.CUEKEY_URL ?? 'http://127.0.0.1:7300').replace(/\/$/, '')

/** The console's API as one user: for what a test needs but is not about. */
export class Api {
  private constructor(private readonly token: string) {}

  static async as({ name, password }: Account): Promise<Api> {
    const { token } = await new Api('').call<T.SignedIn>('POST', '/session', { name, password })
    return new Api(token ?? '')
  }
  static visitor(): Api {
    return new Api('')
  }

  async call<R = unknown>(method: string, path: string, body?: unknown): Promise<R> {
    const response = await fetch(`${base}/api/v1${path}`, {
      method,
      headers: {
        'Accept-Language': 'zh-CN',
        ...(this.token && { Authorization: `Bearer ${this.token}` }),
        ...(method !== 'GET' && { 'Idempotency-Key': randomUUID() }),
        ...(body !== undefined && { 'Content-Type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    })
    const text = await response.text()
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`)
    return (text ? JSON.parse(text) : undefined) as R
  }
  get = <R>(path: string) => this.call<R>('GET', path)
  post = <R>(path: string, body?: unknown) => this.call<R>('POST', path, body)
}

const signedIn = new Map<DemoRole, Promise<Api>>()
/** One session per role and worker. */
export function demo(role: DemoRole): Promise<Api> {
  const known = signedIn.get(role) ?? Api.as(demoAccount(role))
  signedIn.set(role, known)
  return known
}

/** The newest mail to an address whose text fits; waits for it, as mail is sent by a job. */
export async function mailTo(address: string, text: RegExp): Promise<string> {
  let found: RegExpMatchArray | null | undefined
  await expect
    .poll(
      async () => {
        const { items } = await Api.visitor().get<T.Page<T.Mail>>('/mailbox?limit=200')
        found = items
          .filter(({ to }) => to === address)
          .map((mail) => mail.text.match(text))
          .find((match) => match !== null)
        return found !== undefined
      },
      { message: `a mail to ${address} like ${text}`, timeout: 15_000 },
    )
    .toBe(true)
  return found?.[1] ?? found?.[0] ?? ''
}

export const PASSWORD = 'river-stone-lantern-42'
export const FIRST_PASSWORD = /初始密码：(\S+)/
export interface Person extends Account {
  id: string
  email: string
  api: Api
}

/** Somebody new who has changed the first password: nobody else's test touches this account. */
export async function somebody(
  role: 'agent' | 'agent_admin' | 'venue_manager' | 'cashier' | 'super_admin',
  by: Api,
  quota = 0,
): Promise<Person> {
  const name = unique({ agent: 'ag', agent_admin: 'ad', venue_manager: 'vm', cashier: 'ca', super_admin: 'sa' }[role])
  const email = `${name}@e2e.example`
  const user = await by.post<T.User>('/users', { name, email, role, initial_quota: quota })
  const first = await mailTo(email, FIRST_PASSWORD)
  await (await Api.as({ name, password: first })).post('/me/password', { current: first, password: PASSWORD })
  const api = await Api.as({ name, password: PASSWORD })
  // What comes later is what the test is about.
  await api.post('/notifications/read-all')
  return { id: user.id, name, email, password: PASSWORD, api }
}

export const HOUR_PRICE: T.Price = { unit: 'hour', count: 1, price: 1 }
export async function newProject(change: Partial<T.NewProject> = {}): Promise<T.ProjectCreated> {
  const body: T.NewProject = {
    name: unique('project'),
    description: 'made by a browser test',
    version: '1.0.0',
    parameters: {},
    devices_per_key: 1,
    unbind_limit: 3,
    rate_per_minute: 600,
    prices: [HOUR_PRICE],
    open_for_application: false,
    ...change,
  }
  return (await demo('super_admin')).post<T.ProjectCreated>('/projects', body)
}
export const grant = async (project: string, agent: string) =>
  (await demo('super_admin')).post<T.Grant>('/grants', { project_id: project, agent_id: agent })

/** A project of its own, and an agent who holds it and quota. */
export async function seller(quota: number): Promise<{ agent: Person; made: T.ProjectCreated }> {
  const [agent, made] = await Promise.all([somebody('agent', await demo('super_admin'), quota), newProject()])
  await grant(made.project.id, agent.id)
  return { agent, made }
}

/** What the browser computes for those who cannot read the picture. */
export function work({ salt, bits }: T.Captcha): string {
  for (let n = 0; ; n += 1) {
    const digest = createHash('sha256').update(`${salt}:${n}`).digest()
    if (digest.readUInt32BE(0) >>> (32 - (bits ?? 0)) === 0) return String(n)
  }
}
