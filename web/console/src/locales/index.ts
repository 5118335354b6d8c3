import { createI18n } from 'vue-i18n'
import type { Me } from '@/api/types'
import zh from './zh-CN'

export type Language = Me['language']
export const languages: readonly Language[] = ['zh-CN', 'en']

const STORED = 'cuekey.language'

/** zh-CN is the source language and always there; the other is loaded when somebody asks for it. */
export const i18n = createI18n({
  legacy: false,
  locale: 'zh-CN',
  fallbackLocale: 'zh-CN',
  messages: { 'zh-CN': zh } as Record<string, typeof zh>,
})

export function rememberedLanguage(): Language {
  const stored = localStorage.getItem(STORED)
  const known = languages.find((language) => language === stored)
  return known ?? (navigator.language.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en')
}

export async function useLanguage(language: Language): Promise<void> {
  if (language === 'en' && !i18n.global.availableLocales.includes('en')) {
    i18n.global.setLocaleMessage('en', (await import('./en')).default)
  }
  i18n.global.locale.value = language
  document.documentElement.lang = language
  localStorage.setItem(STORED, language)
}

export const currentLanguage = (): Language => i18n.global.locale.value as Language
