import './design/tokens.css';
import './design/base.css';
import urql from '@urql/vue';
import { createApp } from 'vue';
import { createApiClient } from './api/client.ts';
import { createSession, sessionKey } from './api/session.ts';
import App from './App.vue';
import { createLive, liveKey } from './live/live.ts';
import { createSocketFeed } from './live/socket.ts';
import { applyStoredTheme } from './design/theme.ts';
import { createAppRouter } from './router.ts';

applyStoredTheme();

const client = createApiClient('/graphql');
const feed = createSocketFeed(`${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}/graphql`);
const session = createSession(client);
const live = createLive(client, feed, () => session.forget());
const router = createAppRouter(session, live);

createApp(App).use(urql, client).use(router).provide(sessionKey, session).provide(liveKey, live).mount('#app');
