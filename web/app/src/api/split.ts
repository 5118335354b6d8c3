import { serverClock } from '@/shared/clock'
import { get, post, seg } from './http'
import type { Split } from './types'

/** Evenly among so many, or so much each, one's own share first. */
export type Sharing = { people: number } | { amounts_fen: number[] }

async function timed(ask: Promise<Split>): Promise<Split> {
  const sent = Date.now()
  const answer = await ask
  serverClock.learn(answer.now, sent, Date.now())
  return answer
}

export const makeSplit = (sessionId: string, sharing: Sharing, expectedFen: number, idempotencyKey: string) =>
  post<Split>(`/sessions/${seg(sessionId)}/split`, { ...sharing, expected_fen: expectedFen }, { idempotencyKey })
/** Of one's own bill, if it has one. */
export const splitOf = (sessionId: string) =>
  get<{ split: Split | null }>(`/sessions/${seg(sessionId)}/split`).then(({ split }) => split)
export const split = (id: string) => timed(get<Split>(`/splits/${seg(id)}`))
/** For anybody who has the link; nobody becomes a guest for looking. */
export const splitOfCode = (code: string) => timed(get<Split>(`/split-codes/${seg(code)}`, { auth: 'optional' }))
export const joinSplit = (code: string, place: number | null) =>
  post<Split>(`/split-codes/${seg(code)}/join`, { place })
export const leaveSplit = (code: string) => post<Split>(`/split-codes/${seg(code)}/leave`)
export const confirmSplit = (id: string, atMostFen: number, idempotencyKey: string) =>
  post<Split>(`/splits/${seg(id)}/confirm`, { at_most_fen: atMostFen }, { idempotencyKey })
export const freeShare = (id: string, place: number) => post<Split>(`/splits/${seg(id)}/free`, { place })
export const finishSplit = (id: string) => post<Split>(`/splits/${seg(id)}/finish`)
export const cancelSplit = (id: string) => post<Split>(`/splits/${seg(id)}/cancel`)
