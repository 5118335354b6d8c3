import { get, patch, post, seg, type Paging } from './http'
import type { Application, Grant, Page, Project } from './types'

export interface GrantFilter extends Paging {
  project?: string
  agent?: string
  state?: Grant['state'] | ''
}
export interface NewGrant {
  project_id: string
  agent_id: string
  ends_at?: string | null
  note?: string
}
export interface ApplicationFilter extends Paging {
  state?: Application['state'] | ''
  scope?: 'mine' | 'review'
}
export type OpenProject = Pick<Project, 'id' | 'name' | 'description' | 'version'>

export const listGrants = (filter: GrantFilter, signal?: AbortSignal) => get<Page<Grant>>('/grants', filter, signal)
export const listGrantableProjects = (filter: { search?: string } & Paging, signal?: AbortSignal) =>
  get<Page<OpenProject>>('/grants/projects', filter, signal)
export const createGrant = (body: NewGrant) => post<Grant>('/grants', body)
export const updateGrant = (id: string, change: { ends_at: string | null }) =>
  patch<Grant>(`/grants/${seg(id)}`, change)
export const endGrant = (id: string) => post<Grant>(`/grants/${seg(id)}/end`)

export const listApplications = (filter: ApplicationFilter, signal?: AbortSignal) =>
  get<Page<Application>>('/applications', filter, signal)
export const listOpenProjects = (filter: { search?: string } & Paging, signal?: AbortSignal) =>
  get<Page<OpenProject>>('/applications/projects', filter, signal)
export const apply = (projectId: string, reason: string) =>
  post<Application>('/applications', { project_id: projectId, reason })
export const approveApplication = (id: string, body: { ends_at?: string | null; note?: string }) =>
  post<Application>(`/applications/${seg(id)}/approve`, body)
export const refuseApplication = (id: string, note: string) =>
  post<Application>(`/applications/${seg(id)}/refuse`, { note })
export const withdrawApplication = (id: string) => post<Application>(`/applications/${seg(id)}/withdraw`)
