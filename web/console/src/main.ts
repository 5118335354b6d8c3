import '@/styles/tokens.css'
import '@/styles/base.css'
import '@/styles/element.css'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import { installSessionHooks } from '@/api/http'
import { currentLanguage, i18n, rememberedLanguage, useLanguage } from '@/locales'
import { useSessionStore } from '@/stores/session'
import App from './App.vue'
import { makeRouter } from './router'

async function start(): Promise<void> {
  const app = createApp(App)
  app.use(createPinia())
  app.use(i18n)
  await useLanguage(rememberedLanguage())

  const session = useSessionStore()
  const router = makeRouter()
  installSessionHooks({
    language: currentLanguage,
    signedOut() {
      if (!session.me) return
      session.me = null
      void router.push({ name: 'sign-in', query: { return: router.currentRoute.value.fullPath, ended: '1' } })
    },
    passwordChangeRequired() {
      if (session.me) session.me = { ...session.me, must_change_password: true }
      void router.push({ name: 'change-password', query: { return: router.currentRoute.value.fullPath } })
    },
    secondFactorSetupRequired() {
      if (session.me) session.me = { ...session.me, second_factor: { enabled: false, required: true } }
      void router.push({ name: 'set-up-second-factor', query: { return: router.currentRoute.value.fullPath } })
    },
  })
  app.use(router)
  app.mount('#app')
}

void start()
