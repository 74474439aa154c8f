/** What the three builds share: Vue without what none of them uses, and the name of our sources. */
import { resolve } from 'node:path'

export const define = {
  __VUE_OPTIONS_API__: 'false', // ours and vant's components are all setup()
  __VUE_PROD_DEVTOOLS__: 'false',
  __VUE_I18N_FULL_INSTALL__: 'false',
  __VUE_I18N_LEGACY_API__: 'false',
  __INTLIFY_PROD_DEVTOOLS__: 'false',
  __INTLIFY_DROP_MESSAGE_COMPILER__: 'false',
}

export const alias = { '@': resolve(import.meta.dirname, '../src') }
