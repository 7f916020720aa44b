import { createRouter, createWebHistory, type Router, type RouteRecordRaw } from 'vue-router';
import type { Session } from './api/session.ts';
import type { Live } from './live/live.ts';

const routes: RouteRecordRaw[] = [
  { path: '/', redirect: '/jobs' },
  {
    path: '/login',
    name: 'login',
    component: () => import('./pages/login/LoginPage.vue'),
    meta: { open: true, title: 'Sign in' },
  },
  { path: '/jobs', name: 'jobs', component: () => import('./pages/jobs/JobsPage.vue'), meta: { title: 'Jobs' } },
  {
    path: '/jobs/:id(\\d+)',
    name: 'job',
    component: () => import('./pages/job/JobPage.vue'),
    props: true,
    meta: { title: 'Job' },
  },
  { path: '/j/:id(\\d+)', redirect: (to) => ({ name: 'job', params: to.params, query: to.query }) },
  {
    path: '/submit',
    name: 'submit',
    component: () => import('./pages/submit/SubmitPage.vue'),
    meta: { title: 'Submit' },
  },
  { path: '/hosts', name: 'hosts', component: () => import('./pages/hosts/HostsPage.vue'), meta: { title: 'Hosts' } },
  {
    path: '/hosts/:name',
    name: 'host',
    component: () => import('./pages/host/HostPage.vue'),
    props: true,
    meta: { title: 'Host' },
  },
  {
    path: '/:rest(.*)*',
    name: 'lost',
    component: () => import('./pages/NotFoundPage.vue'),
    meta: { open: true, title: 'Not found' },
  },
];

/** Where a login link (`/#/login?token=…`) leads: links of that form stay out of server logs. */
export function pathOfHash(hash: string): string | undefined {
  return hash.startsWith('#/login') ? hash.slice(1) : undefined;
}

/** Only paths of this application are gone back to after signing in. */
export function safeNext(next: unknown): string {
  return typeof next === 'string' && /^\/(?![/\\])/.test(next) ? next : '/jobs';
}

export function createAppRouter(session: Session, live: Live): Router {
  const router = createRouter({
    history: createWebHistory(),
    routes,
    scrollBehavior: (to, from, saved) => saved ?? (to.path === from.path ? false : { top: 0 }),
  });

  router.beforeEach(async (to) => {
    const fromHash = pathOfHash(to.hash);
    if (fromHash !== undefined)
      return { path: fromHash.split('?')[0] ?? '/login', query: queryOf(fromHash), replace: true };
    if (to.meta['open'] === true) return true;
    // The page itself tells when the server cannot be reached.
    const known = await session.restore().catch(() => true);
    if (!known) return { name: 'login', query: { next: to.fullPath } };
    if (session.user.value !== undefined && live.freshness.value.kind === 'off') live.start();
    return true;
  });
  router.afterEach((to) => {
    const { title } = to.meta;
    document.title = typeof title === 'string' ? `${title} · Autotest` : 'Autotest';
  });
  session.onForget(() => {
    live.stop();
    const at = router.currentRoute.value;
    if (at.meta['open'] !== true) void router.push({ name: 'login', query: { next: at.fullPath } });
  });
  return router;
}

function queryOf(path: string): Record<string, string> {
  const at = path.indexOf('?');
  return at === -1 ? {} : Object.fromEntries(new URLSearchParams(path.slice(at + 1)));
}
