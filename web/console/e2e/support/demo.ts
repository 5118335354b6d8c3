import { readFileSync } from 'node:fs'

export interface Account {
  name: string
  password: string
}
export type DemoRole = 'super_admin' | 'agent_admin' | 'agent' | 'venue_manager' | 'cashier'
export interface Credentials {
  id: string
  api_key: string
  secret: string
  response_public_key: string
}
interface DemoNote {
  accounts: (Account & { role: DemoRole })[]
  project: Credentials
}

function note(): DemoNote {
  const path = process.env.CUEKEY_DEMO_JSON
  if (!path) throw new Error('CUEKEY_DEMO_JSON names the demo.json of the server under test')
  return JSON.parse(readFileSync(path, 'utf8')) as DemoNote
}

export function demoAccount(role: DemoRole): Account {
  const found = note().accounts.find((account) => account.role === role)
  if (!found) throw new Error(`demo.json has no ${role}`)
  return found
}
export const demoProject = (): Credentials => note().project

let made = 0
/** A name that no other test, worker or earlier run on this server has. */
export function unique(prefix: string): string {
  made += 1
  const run = Date.now().toString(36)
  return `${prefix}-${run}${process.pid.toString(36)}${made.toString(36)}`
}
