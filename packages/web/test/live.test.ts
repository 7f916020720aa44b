import { Client, fetchExchange } from '@urql/core';
import { flushPromises } from '@vue/test-utils';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createLive, type Live } from '../src/live/live.ts';
import { SignedOutError } from '../src/live/socket.ts';
import { ScriptedFeed, serverOf } from './support/app.ts';

const feed = { current: new ScriptedFeed() };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'], now: Date.parse('2026-01-01T00:00:00Z') });
});
afterEach(() => {
  vi.useRealTimers();
});

async function started(onSignedOut = () => undefined as void): Promise<Live> {
  feed.current = new ScriptedFeed();
  const client = new Client({
    url: 'http://unused.example/graphql',
    exchanges: [fetchExchange],
    preferGetMethod: false,
    fetch: serverOf({ EventCursor: () => ({ eventCursor: '5' }) }),
  });
  const live = createLive(client, feed.current, onSignedOut);
  live.start();
  await flushPromises();
  return live;
}

function event(id: string, ageMs: number) {
  return {
    events: {
      id,
      at: new Date(Date.now() - ageMs).toISOString(),
      kind: 'job.submitted',
      jobId: null,
      hostId: null,
      job: null,
      host: null,
    },
  };
}

describe('the freshness of the page', () => {
  test('is off before there is a session and live once the stream runs', async () => {
    const live = await started();
    expect(live.freshness.value.kind).toBe('live');
    live.stop();
    expect(live.freshness.value.kind).toBe('off');
  });

  test('says by how much it is behind while old events come in, and is live again when they are all there', async () => {
    const live = await started();
    await feed.current.send('AppEvents', event('6', 42_000));
    expect(live.freshness.value).toEqual({ kind: 'behind', behindMs: 42_000 });
    await vi.advanceTimersByTimeAsync(2500);
    expect(live.freshness.value.kind).toBe('live');
  });

  test('says since when it has no connection', async () => {
    const live = await started();
    await feed.current.end('AppEvents', new Error('the connection broke'));
    expect(live.freshness.value).toEqual({ kind: 'reconnecting', sinceMs: Date.now() });
    await vi.advanceTimersByTimeAsync(1000);
    expect(live.freshness.value.kind).toBe('live');
  });

  test('ends with the session', async () => {
    const onSignedOut = vi.fn();
    const live = await started(onSignedOut);
    await feed.current.end('AppEvents', new SignedOutError('gone'));
    expect(onSignedOut).toHaveBeenCalledTimes(1);
    expect(live.freshness.value.kind).toBe('off');
  });
});
