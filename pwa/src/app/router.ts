/* The phone's addresses. The first screens are in the first bundle; the others are their own files of the stored shell.
   While the customer holds the phone every address is the signing screen. The last screen is opened again after a kill. */
import { createRouter, createWebHashHistory, type RouteRecordRaw } from 'vue-router'
import { keep, kept } from '@/device/kept'
import { handover, screenOf } from '@/reports/handover'
import TodayList from '@/visits/TodayList.vue'
import { openData } from './data'
import { user } from './session'
import { startSending } from './sync'

const routes: RouteRecordRaw[] = [
  { path: '/', name: 'today', component: TodayList },
  { path: '/week', component: () => import('@/visits/WeekList.vue') },
  { path: '/open', component: () => import('@/workorders/OpenList.vue') },
  { path: '/search', component: () => import('@/workorders/SearchList.vue') },
  { path: '/me', component: () => import('@/accounts/MeShow.vue') },
  { path: '/sync', component: () => import('@/sync/SyncShow.vue') },
  { path: '/notices', component: () => import('@/notices/NoticeList.vue') },
  { path: '/visits/:id', component: () => import('@/visits/VisitShow.vue'), props: true },
  { path: '/visits/:id/check-in', component: () => import('@/visits/VisitCheckIn.vue'), props: true },
  { path: '/visits/:id/report', component: () => import('@/reports/ReportEdit.vue'), props: true },
  { path: '/visits/:id/report/:findingId/part/:partId', component: () => import('@/reports/PartAdd.vue'), props: true },
  { path: '/visits/:id/sign', name: 'sign', component: () => import('@/reports/ReportSign.vue'), props: true },
  { path: '/visits/:id/acknowledge/:what(work|remedy)', component: () => import('@/acknowledgements/AcknowledgePrepare.vue'), props: true },
  { path: '/visits/:id/acknowledge/sign', name: 'acknowledge-sign', component: () => import('@/acknowledgements/AcknowledgeSign.vue'), props: true },
  { path: '/visits/:id/check-out', component: () => import('@/visits/VisitCheckOut.vue'), props: true },
  { path: '/sign-in', name: 'sign-in', component: () => import('@/accounts/SignIn.vue') },
  { path: '/:rest(.*)', redirect: '/' },
]

export const router = createRouter({
  // hash addresses: one stored index.html answers them all, also in a browser that lost the service worker
  history: createWebHashHistory(),
  routes,
})

router.beforeEach(async (to, from) => {
  if (!user.value) return to.name === 'sign-in' ? true : { name: 'sign-in' }
  const local = await openData(user.value.id)
  startSending(local, user.value.id)
  const held = handover.value
  const screen = held && screenOf(held)
  if (held && screen && (to.name !== screen || to.params.id !== held.visitId)) {
    return from.name === screen ? false : { name: screen, params: { id: held.visitId } }
  }
  return true
})

const LAST = 'last-screen'
const REOPEN_MS = 12 * 3_600_000

router.afterEach((to) => {
  if (to.name !== 'sign-in') void keep(LAST, { path: to.fullPath, at: Date.now(), user: user.value?.id })
})

/** The screen that was open when the app died, when that is not long ago. */
export function lastScreen(): string | null {
  const last = kept(LAST) as { path: string; at: number; user: string } | null
  return last && last.user === user.value?.id && Date.now() - last.at < REOPEN_MS ? last.path : null
}
