/* The console's addresses under /console/. Every screen is in the rail, in a list's row, or behind a key. */
import { createRouter, createWebHistory, type RouteRecordRaw } from 'vue-router'
import { whenSignedOut } from './api'
import { may, sessionEnded, user } from './session'

export interface Place {
  name: string
  path: string
  icon: 'board' | 'inbox' | 'dispatch' | 'report' | 'building' | 'server' | 'letter' | 'fee' | 'people' | 'needs'
  permission: string
  load: RouteRecordRaw['component']
}

/** What the rail shows, top to bottom. */
export const PLACES: Place[] = [
  { name: 'board', path: '/', icon: 'board', permission: 'work_orders.read', load: () => import('./workorders/WorkOrderBoard.vue') },
  { name: 'intake', path: '/intake', icon: 'inbox', permission: 'work_orders.write', load: () => import('./workorders/WorkOrderIntake.vue') },
  { name: 'dispatch', path: '/dispatch', icon: 'dispatch', permission: 'visits.write', load: () => import('./visits/VisitDispatch.vue') },
  { name: 'reports', path: '/reports', icon: 'report', permission: 'reports.read', load: () => import('./reports/ReportReview.vue') },
  { name: 'customers', path: '/customers', icon: 'building', permission: 'customers.read', load: () => import('./customers/CustomerList.vue') },
  { name: 'assets', path: '/assets', icon: 'server', permission: 'assets.read', load: () => import('./assets/AssetList.vue') },
  { name: 'letters', path: '/letters', icon: 'letter', permission: 'letters.read', load: () => import('./letters/LetterList.vue') },
  { name: 'prices', path: '/prices', icon: 'fee', permission: 'prices.read', load: () => import('./prices/PriceList.vue') },
  { name: 'needs', path: '/needs', icon: 'needs', permission: 'stuck.read', load: () => import('./sync/NeedsList.vue') },
  { name: 'people', path: '/people', icon: 'people', permission: 'users.read', load: () => import('./accounts/UserList.vue') },
]

const routes: RouteRecordRaw[] = [
  ...PLACES.map((place) => ({ path: place.path, name: place.name, component: place.load as () => Promise<unknown>, meta: { place: place.name, permission: place.permission } })),
  { path: '/work-orders/:id', name: 'work-order', component: () => import('./workorders/WorkOrderShow.vue'), meta: { place: 'board', permission: 'work_orders.read' } },
  { path: '/report-list', name: 'report-list', component: () => import('./reports/ReportList.vue'), meta: { place: 'reports', permission: 'reports.read' } },
  { path: '/reports/:id/edit', name: 'report-edit', component: () => import('./reports/ReportEdit.vue'), meta: { place: 'reports', permission: 'reports.write' } },
  { path: '/customers/:id', name: 'customer', component: () => import('./customers/CustomerShow.vue'), meta: { place: 'customers', permission: 'customers.read' } },
  { path: '/assets/:id', name: 'asset', component: () => import('./assets/AssetShow.vue'), meta: { place: 'assets', permission: 'assets.read' } },
  { path: '/letters/:ref', name: 'letter', component: () => import('./letters/LetterShow.vue'), meta: { place: 'letters', permission: 'letters.read' } },
  { path: '/letter-install', name: 'letter-install', component: () => import('./letters/LetterInstall.vue'), meta: { place: 'letters', permission: 'letters.write' } },
  { path: '/letter-try', name: 'letter-try', component: () => import('./letters/LetterTry.vue'), meta: { place: 'letters', permission: 'letters.write' } },
  { path: '/calendar', name: 'calendar', component: () => import('./letters/CalendarYear.vue'), meta: { place: 'letters', permission: 'letters.read' } },
  { path: '/rescue', name: 'rescue', component: () => import('./sync/RescueImport.vue'), meta: { place: 'needs', permission: 'rescue.import' } },
  { path: '/me', name: 'me', component: () => import('./accounts/MyAccount.vue'), meta: { permission: 'self' } },
  { path: '/sign-in', name: 'sign-in', component: () => import('./accounts/SignIn.vue') },
  { path: '/:pathMatch(.*)*', redirect: '/' },
] as RouteRecordRaw[]

export const router = createRouter({ history: createWebHistory('/console/'), routes })

router.beforeEach((to) => {
  if (!user.value) return to.name === 'sign-in' ? true : { name: 'sign-in', query: { to: to.fullPath } }
  if (to.name === 'sign-in') return '/'
  const permission = to.meta.permission
  if (typeof permission === 'string' && !may(permission)) return { name: 'me' }
  return true
})

whenSignedOut(() => {
  sessionEnded()
  const here = router.currentRoute.value
  if (here.name !== 'sign-in') void router.replace({ name: 'sign-in', query: { to: here.fullPath } })
})
