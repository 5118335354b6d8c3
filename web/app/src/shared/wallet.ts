import type { WalletEntry } from '@/api/types'

export interface WalletAmount {
  fen: number
  kind: 'in' | 'out' | 'held'
}

/** What a line of the statement is about: money that came or went; else money put aside (as one sees it, gone) or given back. */
export function walletAmount(entry: Pick<WalletEntry, 'delta_fen' | 'held_delta_fen'>): WalletAmount {
  if (entry.delta_fen !== 0) return { fen: entry.delta_fen, kind: entry.delta_fen > 0 ? 'in' : 'out' }
  return { fen: entry.held_delta_fen === 0 ? 0 : -entry.held_delta_fen, kind: 'held' }
}
