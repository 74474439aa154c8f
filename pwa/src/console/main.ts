/* Starts the console: the desk's own entry, never loaded on a phone. */
import 'element-plus/theme-chalk/base.css'
import '@/ui/tokens.css'
import '@/ui/base.css'
import './desk.css'
import { createApp } from 'vue'
import { applyTheme } from '@/ui/theme'
import App from './App.vue'
import { router } from './router'
import { checkSession } from './session'
import { words } from './words'

async function start(): Promise<void> {
  applyTheme()
  await Promise.all([words.useLanguage(words.chosen), checkSession()])
  const app = createApp(App)
  app.use(words.i18n)
  app.use(router)
  app.mount('#app')
}

void start()
