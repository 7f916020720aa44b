import { Client, fetchExchange, getOperationName } from '@urql/core';
import urql from '@urql/vue';
import { flushPromises, mount, type VueWrapper } from '@vue/test-utils';
import type { Component } from 'vue';
import { createMemoryHistory, createRouter } from 'vue-router';
import { createSession, sessionKey } from '../../src/api/session.ts';
import { createLive, liveKey } from '../../src/live/live.ts';
import type { Feed } from '../../src/live/socket.ts';

/** Answers of a server by operation name: data, or an error to refuse with. */
export type Answers = Readonly<Record<string, (variables: Record<string, unknown>) => unknown>>;

/** What a server says instead of an answer. */
export class Refused {
  readonly message: string;
  readonly code: string;

  constructor(message: string, code: string) {
    this.message = message;
    this.code = code;
  }
}

/** Thrown by an answer: the server is not there. */
export class Offline extends Error {
  override readonly name = 'Offline';
}

/** A server of these answers, as `fetch` sees it. */
export function serverOf(answers: Answers): typeof fetch {
  return async (_url, init) => {
    const { operationName, variables } = JSON.parse(typeof init?.body === 'string' ? init.body : '{}');
    const give = answers[operationName];
    if (give === undefined) throw new Error(`The test has no answer to ${operationName}.`);
    const data = await give(variables);
    const refused =
      data instanceof Refused ? { errors: [{ message: data.message, extensions: { code: data.code } }] } : undefined;
    return new Response(JSON.stringify(refused ?? { data }), { headers: { 'content-type': 'application/json' } });
  };
}

/** A live connection whose messages the test sends. */
export class ScriptedFeed implements Feed {
  readonly #open = new Map<string, { deliver: (data: object) => void; end: (error?: Error) => void }>();
  readonly started: { name: string; variables: Record<string, unknown> }[] = [];

  run: Feed['run'] = (document, variables, onData, signal, onStart) =>
    new Promise<void>((resolve, reject) => {
      const name = getOperationName(document) ?? '';
      this.started.push({ name, variables: { ...variables } });
      this.#open.set(name, {
        deliver: (data) => onData(JSON.parse(JSON.stringify(data))),
        end: (error) => (error === undefined ? resolve() : reject(error)),
      });
      signal.addEventListener('abort', () => resolve());
      onStart?.();
    });

  dispose(): void {
    this.#open.clear();
  }

  /** Sends a message to the newest subscription of that name and waits until it is drawn. */
  async send(name: string, data: object): Promise<void> {
    this.#open.get(name)?.deliver(data);
    await flushPromises();
  }

  async end(name: string, error?: Error): Promise<void> {
    this.#open.get(name)?.end(error);
    await flushPromises();
  }
}

export interface MountedPage {
  readonly wrapper: VueWrapper;
  readonly feed: ScriptedFeed;
  readonly router: ReturnType<typeof createRouter>;
  readonly find: (testId: string) => ReturnType<VueWrapper['find']>;
  readonly findAll: (testId: string) => ReturnType<VueWrapper['findAll']>;
}

/** Shows a page at a path as the application would, with a server of the given answers behind it. */
export async function mountPage(
  page: Component,
  options: { path: string; answers: Answers; props?: object },
): Promise<MountedPage> {
  const answers: Answers = {
    EventCursor: () => ({ eventCursor: '100' }),
    Dispatchers: () => ({ dispatchers: [] }),
    Me: () => ({ me: { id: '1', login: 'ana', role: 'admin' }, version: '0' }),
    ...options.answers,
  };
  const client = new Client({
    url: 'http://unused.example/graphql',
    exchanges: [fetchExchange],
    fetch: serverOf(answers),
    requestPolicy: 'network-only',
    preferGetMethod: false,
  });
  const feed = new ScriptedFeed();
  const session = createSession(client);
  const live = createLive(client, feed, () => session.forget());
  const named = ['jobs', 'submit', 'hosts', 'login'].map((name) => ({ path: `/${name}`, name, component: page }));
  const router = createRouter({
    history: createMemoryHistory(),
    routes: [
      ...named,
      { path: '/jobs/:id', name: 'job', component: page },
      { path: '/hosts/:name', name: 'host', component: page },
    ],
  });
  await router.push(options.path);
  live.start();
  const wrapper = mount(page, {
    props: { ...options.props },
    global: {
      plugins: [router, [urql, client]],
      provide: { [sessionKey as symbol]: session, [liveKey as symbol]: live },
    },
    attachTo: document.body,
  });
  await flushPromises();
  return {
    wrapper,
    feed,
    router,
    find: (testId) => wrapper.find(`[data-testid="${testId}"]`),
    findAll: (testId) => wrapper.findAll(`[data-testid="${testId}"]`),
  };
}
