import { del, get, patch, seg } from './http'
import type { Setting, SettingGroup } from './types'

export const listSettings = (signal?: AbortSignal) => get<{ groups: SettingGroup[] }>('/settings', undefined, signal)
export const setSetting = (key: string, value: unknown) => patch<Setting>(`/settings/${seg(key)}`, { value })
export const resetSetting = (key: string) => del<Setting>(`/settings/${seg(key)}`)
