/* The phone's addresses. Screens needed while offline are all in the stored shell; the first ones are not split off. */
import { createRouter, createWebHashHistory } from 'vue-router'
import { user } from './session'

export const router = createRouter({
  // hash addresses: one stored index.html answers them all, also in a browser that lost the service worker
  history: createWebHashHistory(),
  routes: [{ path: '/sign-in', name: 'sign-in', component: () => import('@/accounts/SignIn.vue') }],
})

router.beforeEach((to) => {
  if (!user.value && to.name !== 'sign-in') return { name: 'sign-in' }
  return true
})
