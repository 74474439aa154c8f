/* Starts the phone app. Nothing here waits for the network. */
import '@/ui/tokens.css'
import '@/ui/base.css'
import '@/ui/phone.css'
import { createApp } from 'vue'
import { openKept } from '@/device/kept'
import { askForRoom } from '@/device/storage'
import { recallHandover } from '@/reports/handover'
import { applyTheme } from '@/ui/theme'
import App from './App.vue'
import { lastScreen, router } from './router'
import { checkSession, recallUser, user } from './session'
import { watchForUpdates } from './update'
import { words } from './words'

async function start(): Promise<void> {
  applyTheme()
  await Promise.all([openKept(), words.useLanguage(words.chosen, false)])
  recallUser()
  recallHandover()
  const app = createApp(App)
  app.use(words.i18n)
  app.use(router)
  const last = lastScreen()
  if (last && ['', '#/', '#'].includes(location.hash)) await router.replace(last)
  app.mount('#app')
  void watchForUpdates()
  if (!user.value) return
  void checkSession()
  void askForRoom()
}

void start()
