/** Given by the build (vite.config.ts): version of the app and the commit it was made from. */
declare const __APP_VERSION__: string
