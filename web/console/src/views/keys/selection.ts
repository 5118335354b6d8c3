import type { KeySelection, KeyState } from '@/api/types'

/** What the list of keys can be searched by. */
export type KeyFilters = Record<'project' | 'batch' | 'state' | 'agent' | 'key' | 'device', string>
export const NO_FILTERS: KeyFilters = { project: '', batch: '', state: '', agent: '', key: '', device: '' }

/**
 * All keys that the filters show, as the server takes it for bulk changes and exports. Nothing where the filters say more than
 * a selection can (key text, device): acting on more keys than are shown would be worse than not acting.
 */
export function selectionOf(filters: KeyFilters): KeySelection | null {
  const { project, batch, state, agent, key, device } = filters
  if (key || device) return null
  if (batch && !project && !state && !agent) return { batch }
  return {
    filter: {
      ...(project && { project }),
      ...(state && { state: state as KeyState }),
      ...(agent && { agent }),
      ...(batch && { batch }),
    },
  }
}

/** What the server takes as ticked rows at once. */
export const MOST_TICKED = 1_000

const EXPORTED: Readonly<Record<string, string>> = { batch_id: 'batch' }
const NOT_EXPORTED = ['unbind_count']
/** The list's columns as an export names them. */
export const exportColumns = (shown: readonly string[]): string[] => [
  'key',
  'state',
  ...shown.filter((key) => !NOT_EXPORTED.includes(key)).map((key) => EXPORTED[key] ?? key),
]

export const isEverything = (selection: KeySelection): boolean =>
  selection.filter !== undefined && Object.keys(selection.filter).length === 0
