import { defineStore } from 'pinia'
import { computed, ref, shallowRef } from 'vue'
import { getConfig, getMe, signOut as endSession, updateMe } from '@/api/account'
import { ApiError } from '@/api/problem'
import type { Me, PublicConfig } from '@/api/types'
import { useLanguage, type Language } from '@/locales'

const UNKNOWN: PublicConfig = {
  site_name: 'Cuekey',
  sign_up_open: false,
  demo: false,
  time_zone: 'UTC',
  password_min_length: 10,
  version: '',
}

/** Who is signed in, and what the installation tells everybody. */
export const useSessionStore = defineStore('session', () => {
  const config = ref<PublicConfig>(UNKNOWN)
  const me = ref<Me | null>(null)
  /** Why nothing could be shown at all, if so. */
  const failure = shallowRef<unknown>(null)
  let starting: Promise<void> | null = null
  /** Picked before signing in: somebody who just chose English is not put back into the account's earlier language. */
  let picked: Language | null = null

  const mustChangePassword = computed(() => me.value?.must_change_password ?? false)
  const mustSetUpSecondFactor = computed(() => {
    const factor = me.value?.second_factor
    return factor !== undefined && factor.required && !factor.enabled
  })

  async function begin(): Promise<void> {
    const [known, who] = await Promise.all([
      getConfig(),
      getMe().catch((error: unknown) => {
        if (error instanceof ApiError && error.status === 401) return null
        throw error
      }),
    ])
    config.value = known
    await settle(who)
  }

  /** Asked once; after a failure, asked again by the next one who needs it. */
  function ready(): Promise<void> {
    starting ??= begin().catch((error: unknown) => {
      starting = null
      failure.value = error
      throw error
    })
    return starting
  }

  async function settle(who: Me | null): Promise<void> {
    me.value = who
    if (!who) return
    await useLanguage(picked ?? who.language)
    if (picked === null || mustChangePassword.value || mustSetUpSecondFactor.value) return
    if (picked !== who.language) me.value = await updateMe({ language: picked }).catch(() => who)
    picked = null
  }

  async function refresh(): Promise<void> {
    await settle(await getMe())
  }

  async function switchLanguage(language: Language): Promise<void> {
    await useLanguage(language)
    if (me.value) me.value = await updateMe({ language })
    else picked = language
  }

  async function signOut(): Promise<void> {
    await endSession()
    me.value = null
  }

  return {
    config,
    me,
    failure,
    mustChangePassword,
    mustSetUpSecondFactor,
    ready,
    settle,
    refresh,
    switchLanguage,
    signOut,
  }
})
