import { get, patch, post, seg, type Paging } from './http'
import type { NewProject, Page, Project, ProjectCreated } from './types'

export interface ProjectFilter extends Paging {
  search?: string
  state?: Project['state'] | ''
}
export interface RotatedSecret {
  secret: string
  previous_valid_until: string | null
}

export const listProjects = (filter: ProjectFilter, signal?: AbortSignal) =>
  get<Page<Project>>('/projects', filter, signal)
export const getProject = (id: string, signal?: AbortSignal) => get<Project>(`/projects/${seg(id)}`, undefined, signal)
export const createProject = (body: NewProject) => post<ProjectCreated>('/projects', body)
/** `revision`: the project's as it was looked at. */
export const updateProject = (id: string, change: Partial<NewProject> & { revision: number }) =>
  patch<Project>(`/projects/${seg(id)}`, change)
export const enableProject = (id: string) => post<Project>(`/projects/${seg(id)}/enable`)
export const disableProject = (id: string) => post<Project>(`/projects/${seg(id)}/disable`)
export const liftProjectBan = (id: string) => post<Project>(`/projects/${seg(id)}/lift-ban`)
export const rotateProjectSecret = (id: string, overlapHours: number) =>
  post<RotatedSecret>(`/projects/${seg(id)}/rotate-secret`, { overlap_hours: overlapHours })
