import plugin from '@dcloudio/vite-plugin-uni'
import { defineConfig } from 'vite'
import { codesOf, serverOf } from './scripts/server-address.mjs'

// A CommonJS package: its default export arrives one level down.
const uni = (plugin as unknown as { default?: typeof plugin }).default ?? plugin
const server = 'http://127.0.0.1:7300'

export default defineConfig({
  plugins: [uni()],
  // A script policy without 'unsafe-eval', and a mini-program has none: message formats are interpreted, never compiled to
  // functions.
  define: {
    __INTLIFY_JIT_COMPILATION__: true,
    __VUE_I18N_LEGACY_API__: false,
    __VUE_I18N_FULL_INSTALL__: false,
    CUEKEY_SERVER: JSON.stringify(serverOf(process.env.UNI_PLATFORM, process.env.CUEKEY_SERVER)),
    CUEKEY_CODES: JSON.stringify(codesOf(process.env.CUEKEY_CODES)),
  },
  server: { proxy: { '/customer': server } },
  build: { assetsInlineLimit: 0 },
})
