import type { Setting } from '@/api/types'

/** A setting's value while it is edited; which part counts depends on its kind. */
export interface Draft {
  flag: boolean
  text: string
  items: string[]
}

export function draftOf({ kind, value }: Pick<Setting, 'kind' | 'value'>): Draft {
  return {
    flag: kind === 'boolean' && value === true,
    text: typeof value === 'string' || typeof value === 'number' ? String(value) : '',
    items: Array.isArray(value) ? value.map(String) : [],
  }
}

const WHOLE = /^-?\d{1,15}$/

/** What is sent; null where the text is no number. A list keeps the order of its choices. */
export function valueOf({ kind, choices }: Pick<Setting, 'kind' | 'choices'>, draft: Draft): unknown {
  switch (kind) {
    case 'boolean':
      return draft.flag
    case 'integer':
      return WHOLE.test(draft.text.trim()) ? Number(draft.text.trim()) : null
    case 'list':
      return choices ? choices.filter((choice) => draft.items.includes(choice)) : draft.items
    default:
      return draft.text.trim()
  }
}

export type Trouble = 'integer' | 'range' | 'text'

export function troubleOf(setting: Setting, draft: Draft): Trouble | null {
  const value = valueOf(setting, draft)
  if (setting.kind === 'integer') {
    if (typeof value !== 'number') return 'integer'
    const low = setting.minimum ?? -Infinity
    const high = setting.maximum ?? Infinity
    return value < low || value > high ? 'range' : null
  }
  return (setting.kind === 'text' || setting.kind === 'choice') && value === '' ? 'text' : null
}

export const sameValue = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

export const isDefault = (setting: Pick<Setting, 'value' | 'default'>): boolean =>
  sameValue(setting.value, setting.default)
