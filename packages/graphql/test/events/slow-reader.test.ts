import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { startTestServer } from '../support/test-server.ts';

const count = 4000;

describe('a reader that stops reading', () => {
  test('holds up nobody else, and gets every event in order when it goes on', { timeout: 60_000 }, async () => {
    const { server, database, token, as } = await startTestServer();
    const slow = new WebSocket(`${server.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
    onTestFinished(() => slow.terminate());
    const ids: number[] = [];
    await once(slow, 'open');
    slow.send(JSON.stringify({ type: 'connection_init', payload: { token: await token('ada') } }));
    await once(slow, 'message');
    slow.on('message', (data: Buffer) => {
      const id = /"events":\{"id":"(\d+)"/.exec(data.toString())?.[1];
      if (id !== undefined) ids.push(Number(id));
    });
    const query = 'subscription { events(after: "0") { id data } }';
    slow.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
    await database.events.append({ kind: 'dispatcher.changed', data: {} });
    await expect.poll(() => ids.length).toBe(1);
    slow.pause();

    const padding = 'x'.repeat(2000);
    const appending = (async () => {
      for (let n = 1; n < count; n++) await database.events.append({ kind: 'dispatcher.changed', data: { padding } });
    })();
    const { EventsDocument } = await import('../../src/client/index.ts');
    const quick: number[] = [];
    for await (const { events } of (await as('bob')).subscribe(EventsDocument, { after: '0' })) {
      quick.push(Number(events.id));
      if (quick.length === count) break;
    }
    await appending;
    expect(ids.length).toBeLessThan(count);

    slow.resume();
    await expect.poll(() => ids.length, { timeout: 30_000 }).toBe(count);
    const expected = Array.from({ length: count }, (_, n) => n + 1);
    expect(quick).toEqual(expected);
    expect(ids).toEqual(expected);
  });
});
