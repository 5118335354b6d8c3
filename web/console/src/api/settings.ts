import { del, get, patch, seg } from './http'
import type { Setting, SettingGroup } from './types'

export const listSettings = (signal?: AbortSignal) => get<{ groups: SettingGroup[] }>('/settings', undefined, signal)
/** `was`: the value that was looked at. */
export const setSetting = (key: string, value: unknown, was: unknown) =>
  patch<Setting>(`/settings/${seg(key)}`, { value, was })
export const resetSetting = (key: string, was: unknown) =>
  del<Setting>(`/settings/${seg(key)}`, { was: JSON.stringify(was) })
