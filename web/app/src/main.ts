import { createPinia } from 'pinia'
import { createSSRApp } from 'vue'
import App from './App.vue'
import { useWechatStore } from './stores/wechat'

// The name and the shape are uni-app's: each platform mounts the app in its own way.
export function createApp() {
  const app = createSSRApp(App)
  app.use(createPinia())
  useWechatStore().arrive()
  return { app }
}
