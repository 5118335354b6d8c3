import { get, post, seg, type Paging } from './http'
import type { EmailChange, NewMaintainer, NewUser, Page, Role, SessionsEnded, Transfer, User, UserState } from './types'

export interface UserFilter extends Paging {
  search?: string
  role?: Role | ''
  state?: UserState | ''
}

export const listUsers = (filter: UserFilter, signal?: AbortSignal) => get<Page<User>>('/users', filter, signal)
export const getUser = (id: string, signal?: AbortSignal) => get<User>(`/users/${seg(id)}`, undefined, signal)
export const createUser = (body: NewUser, idempotencyKey: string) => post<User>('/users', body, { idempotencyKey })
/** Who works in halls of one's own from the start. */
export const createMaintainer = (body: NewMaintainer, idempotencyKey: string) =>
  post<User>('/maintainers', body, { idempotencyKey })
export const disableUser = (id: string) => post<User>(`/users/${seg(id)}/disable`)
export const enableUser = (id: string) => post<User>(`/users/${seg(id)}/enable`)
export const unlockUser = (id: string) => post<User>(`/users/${seg(id)}/unlock`)
export const changeUserEmail = (id: string, body: EmailChange) => post<User>(`/users/${seg(id)}/email`, body)
export const resetUserSecondFactor = (id: string) => post<User>(`/users/${seg(id)}/second-factor/reset`)
export const endUserSessions = (id: string) => post<User>(`/users/${seg(id)}/sessions/end`)
/** Everybody's but this one. */
export const endEverybodysSessions = (password: string) => post<SessionsEnded>('/users/sessions/end', { password })
export const rechargeUser = (id: string, body: { amount: number; memo?: string }, idempotencyKey: string) =>
  post<Transfer>(`/users/${seg(id)}/recharge`, body, { idempotencyKey })
