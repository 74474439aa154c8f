import type zh from './zh-CN'

const en: typeof zh = {
  sign_in: {
    title: 'Sign in',
    name: 'User name',
    password: 'Password',
    go: 'Sign in',
    wrong: 'User name or password is not right.',
    no_network: 'The server cannot be reached. The first sign-in needs a network; afterwards the app works without.',
    again: 'Please sign in again. {n} unsent items are still on this phone.',
    server_says: 'The server declined: {detail}',
    missing: 'Please enter user name and password.',
  },
}

export default en
