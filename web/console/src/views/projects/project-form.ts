import type { ApiError } from '@/api/problem'
import type { NewProject, Price, Project } from '@/api/types'
import { countLimits } from '@/shared/validity'

/** A parameter or a price while it is being edited; numbers may be missing. */
export interface ParameterRow {
  name: string
  value: string
}
export interface PriceRow {
  unit: Price['unit']
  count: number | undefined
  price: number | undefined
}

export interface ProjectForm {
  name: string
  description: string
  version: string
  parameters: ParameterRow[]
  devices_per_key: number | undefined
  /** Nothing: no limit. */
  unbind_limit: number | undefined
  rate_per_minute: number | undefined
  open_for_application: boolean
  prices: PriceRow[]
}

export const rowsOf = (parameters: Record<string, string>): ParameterRow[] =>
  Object.entries(parameters).map(([name, value]) => ({ name, value }))

export function formOf(project: Project | null): ProjectForm {
  return {
    name: project?.name ?? '',
    description: project?.description ?? '',
    version: project?.version ?? '',
    parameters: rowsOf(project?.parameters ?? {}),
    devices_per_key: project?.devices_per_key ?? 1,
    unbind_limit: project ? (project.unbind_limit ?? undefined) : 3,
    rate_per_minute: project?.rate_per_minute ?? 600,
    open_for_application: project?.open_for_application ?? true,
    prices: project ? [] : [{ unit: 'month', count: 1, price: 30 }],
  }
}

/** Of two rows with one name the later would win silently: the form refuses that. */
export function repeatedParameter(rows: readonly ParameterRow[]): string | null {
  const names = rows.map(({ name }) => name.trim()).filter(Boolean)
  return names.find((name, index) => names.indexOf(name) !== index) ?? null
}
export const unnamedParameter = (rows: readonly ParameterRow[]): boolean =>
  rows.some(({ name, value }) => !name.trim() && value.trim() !== '')

export function newProjectOf(form: ProjectForm): Omit<NewProject, 'prices'> {
  const named = form.parameters.filter(({ name }) => name.trim())
  return {
    name: form.name.trim(),
    description: form.description.trim(),
    version: form.version.trim(),
    parameters: Object.fromEntries(named.map(({ name, value }) => [name.trim(), value])),
    devices_per_key: form.devices_per_key ?? 0,
    unbind_limit: form.unbind_limit ?? null,
    rate_per_minute: form.rate_per_minute ?? 0,
    open_for_application: form.open_for_application,
  }
}

export type PriceFault = 'count' | 'price' | 'repeated'

/** What is wrong with each row, by its index. */
export function priceFaults(rows: readonly PriceRow[]): Map<number, PriceFault> {
  const faults = new Map<number, PriceFault>()
  const seen = new Set<string>()
  rows.forEach((row, index) => {
    const [least, most] = countLimits[row.unit]
    const count = row.unit === 'forever' ? 0 : row.count
    const name = `${row.unit} ${count}`
    if (count === undefined || count < least || count > most) faults.set(index, 'count')
    else if (row.price === undefined) faults.set(index, 'price')
    else if (seen.has(name)) faults.set(index, 'repeated')
    seen.add(name)
  })
  return faults
}

export const pricesOf = (rows: readonly PriceRow[]): Price[] =>
  rows.map(({ unit, count, price }) => ({ unit, count: unit === 'forever' ? 0 : (count ?? 0), price: price ?? 0 }))

/** The server's words about `prices[2].price`, by row. */
export function priceMessages(error: ApiError): Map<number, string> {
  const messages = new Map<number, string>()
  for (const { field, message } of error.problem.errors ?? []) {
    const index = /^prices\[(\d+)\]/.exec(field)?.[1]
    if (index !== undefined && !messages.has(Number(index))) messages.set(Number(index), message)
  }
  return messages
}

const ORDER = ['minute', 'hour', 'day', 'month', 'forever']
/** From the shortest to the longest. */
export const inOrder = (prices: readonly Price[]): Price[] =>
  [...prices].sort((a, b) => ORDER.indexOf(a.unit) - ORDER.indexOf(b.unit) || a.count - b.count)
