/* Starts the customer's page. Nothing is kept here but what she typed and has not sent. */
import '@/ui/tokens.css'
import '@/ui/base.css'
import '@/ui/phone.css'
import './link.css'
import { createApp } from 'vue'
import { applyTheme } from '@/ui/theme'
import App from './App.vue'
import { startWords, words } from './words'

async function start(): Promise<void> {
  applyTheme()
  await startWords()
  createApp(App).use(words.i18n).mount('#app')
}

void start()
