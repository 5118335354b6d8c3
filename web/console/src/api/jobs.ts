import { get, post, seg, type Paging } from './http'
import type { Job, Page } from './types'

export interface JobFilter extends Paging {
  state?: Job['state'] | ''
  kind?: string
}

export const listJobs = (filter: JobFilter, signal?: AbortSignal) => get<Page<Job>>('/jobs', filter, signal)
export const dismissJob = (id: string) => post<Job>(`/jobs/${seg(id)}/dismiss`)
export const retryJob = (id: string) => post<Job>(`/jobs/${seg(id)}/retry`)
