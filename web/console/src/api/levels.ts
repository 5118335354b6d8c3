import { get, put } from './http'
import type { LevelForm, Levels } from './types'

export const getLevels = (signal?: AbortSignal) => get<Levels>('/levels', undefined, signal)
export const changeLevels = (body: { levels: LevelForm[]; version: number }) => put<Levels>('/levels', body)
