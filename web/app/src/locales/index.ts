import { createI18n } from 'vue-i18n'
import { stored } from '@/shared/storage'
import en from './en'
import zh from './zh-CN'

export const languages = ['zh-CN', 'en'] as const
export type Language = (typeof languages)[number]

type Leaves<T, P extends string = ''> = {
  [K in keyof T & string]: T[K] extends string ? `${P}${K}` : Leaves<T[K], `${P}${K}.`>
}[keyof T & string]
/** Every text's address: a key that does not exist is a type error. */
export type TextKey = Leaves<typeof zh>

const remembered = stored<string>('cuekey.language')

/** zh-CN is the source language. Both are always there: a mini-program loads no code later. */
export const i18n = createI18n({
  legacy: false,
  locale: 'zh-CN',
  fallbackLocale: 'zh-CN',
  messages: { 'zh-CN': zh, en } as Record<Language, typeof zh>,
})

export function t(key: TextKey, params: Record<string, string | number> = {}): string {
  return i18n.global.t(key, params)
}

/** For keys that come from elsewhere (an error's code): the key, if there is such a text. */
export const knownKey = (key: string): TextKey | null => (i18n.global.te(key) ? (key as TextKey) : null)

export const currentLanguage = (): Language => i18n.global.locale.value as Language

/** As `Accept-Language` names it. */
export const serverLanguage = (): string => (currentLanguage() === 'en' ? 'en' : 'zh')

export function chosenLanguage(): Language {
  const known = languages.find((language) => language === remembered.read())
  return known ?? (uni.getLocale().toLowerCase().startsWith('zh') ? 'zh-CN' : 'en')
}

export function useLanguage(language: Language): void {
  i18n.global.locale.value = language
  uni.setLocale(language === 'en' ? 'en' : 'zh-Hans')
  // #ifdef H5
  document.documentElement.lang = language
  // #endif
}

export function chooseLanguage(language: Language): void {
  remembered.write(language)
  useLanguage(language)
}
