import { get } from './http'
import type { Home } from './types'

export const getHome = (signal?: AbortSignal) => get<Home>('/home', undefined, signal)
