/* Starts the phone app. Nothing here waits for the network. */
import '@/ui/tokens.css'
import '@/ui/base.css'
import '@/ui/phone.css'
import { createApp } from 'vue'
import { applyTheme } from '@/ui/theme'
import App from './App.vue'
import { router } from './router'
import { words } from './words'

async function start(): Promise<void> {
  applyTheme()
  await words.useLanguage(words.chosen)
  const app = createApp(App)
  app.use(words.i18n)
  app.use(router)
  app.mount('#app')
}

void start()
