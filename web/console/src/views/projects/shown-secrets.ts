import { shallowReactive } from 'vue'

/** Secrets that the server has just shown, by project: kept in memory until one leaves the project's page, for the example code. */
const secrets = shallowReactive(new Map<string, string>())

export const rememberSecret = (projectId: string, secret: string): void => void secrets.set(projectId, secret)
export const shownSecret = (projectId: string): string | null => secrets.get(projectId) ?? null
export const forgetSecret = (projectId: string): void => void secrets.delete(projectId)
