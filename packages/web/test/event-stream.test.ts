import { describe, expect, test } from 'vitest';
import { backOffMs, compareIds, followEvents, type StreamState } from '../src/live/event-stream.ts';
import { SignedOutError } from '../src/live/socket.ts';

interface Event {
  readonly id: string;
}

/** A server with a log of events whose connections end as a script says. */
class ScriptedServer {
  readonly log: Event[] = [];
  readonly asked: string[] = [];
  readonly #connections: ((deliver: (event: Event) => void) => void)[];

  constructor(count: number, connections: ((deliver: (event: Event) => void) => void)[]) {
    for (let id = 1; id <= count; id += 1) this.log.push({ id: String(id) });
    this.#connections = connections;
  }

  head(): Promise<string> {
    return Promise.resolve(this.log.at(-1)?.id ?? '0');
  }

  async run(after: string, onEvent: (event: Event) => void, signal: AbortSignal, onStart: () => void): Promise<void> {
    this.asked.push(after);
    onStart();
    const script = this.#connections.shift();
    if (script === undefined) throw new Error('the script is over');
    script(onEvent);
    await Promise.resolve(signal);
    throw new Error('the connection broke');
  }

  idOf(event: Event): string {
    return event.id;
  }
}

async function follow(server: ScriptedServer, options: { after?: string; maxReplay?: number; rounds: number }) {
  const seen: string[] = [];
  const states: StreamState['kind'][] = [];
  let gaps = 0;
  let rounds = 0;
  const stop = new AbortController();
  await followEvents<Event>(
    server,
    {
      onEvent: (event) => seen.push(event.id),
      onGap: () => {
        gaps += 1;
      },
      onState: (state) => states.push(state.kind),
    },
    {
      ...options,
      signal: stop.signal,
      wait: () => {
        rounds += 1;
        if (rounds >= options.rounds) stop.abort();
        return Promise.resolve();
      },
    },
  );
  return { seen, states, gaps };
}

describe('following events', () => {
  test('goes on behind the last event seen after the connection broke', async () => {
    const server = new ScriptedServer(5, [
      (deliver) => ['6', '7'].forEach((id) => deliver({ id })),
      (deliver) => ['8'].forEach((id) => deliver({ id })),
    ]);
    const { seen, states } = await follow(server, { rounds: 2 });
    expect(server.asked).toEqual(['5', '7']);
    expect(seen).toEqual(['6', '7', '8']);
    expect(states).toEqual(['connecting', 'live', 'reconnecting', 'live', 'reconnecting']);
  });

  test('shows nothing twice that a server sends again', async () => {
    const server = new ScriptedServer(9, [
      (deliver) => ['10', '11'].forEach((id) => deliver({ id })),
      (deliver) => ['9', '10', '11', '12'].forEach((id) => deliver({ id })),
    ]);
    expect((await follow(server, { rounds: 2 })).seen).toEqual(['10', '11', '12']);
  });

  test('begins where it is told to', async () => {
    const server = new ScriptedServer(9, [(deliver) => deliver({ id: '4' })]);
    const { seen } = await follow(server, { after: '3', rounds: 1 });
    expect(server.asked).toEqual(['3']);
    expect(seen).toEqual(['4']);
  });

  test('has the page read again instead of replaying a long absence', async () => {
    const server = new ScriptedServer(10, [
      () => {
        for (let id = 11; id <= 900; id += 1) server.log.push({ id: String(id) });
      },
      (deliver) => deliver({ id: '901' }),
    ]);
    const { seen, gaps } = await follow(server, { rounds: 2, maxReplay: 100 });
    expect(gaps).toBe(1);
    expect(server.asked).toEqual(['10', '900']);
    expect(seen).toEqual(['901']);
  });

  test('ends when the session has', async () => {
    const server = new ScriptedServer(1, [
      () => {
        throw new SignedOutError('You are signed out.');
      },
    ]);
    expect((await follow(server, { rounds: 5 })).states).toEqual(['connecting', 'live', 'signedOut']);
  });

  test('waits longer and longer, with scatter, and never for more than 19 seconds', () => {
    expect(backOffMs(1, () => 0.5)).toBe(250);
    expect(backOffMs(3, () => 0.5)).toBe(1000);
    expect(backOffMs(50, () => 0.999)).toBeLessThan(19_000);
    expect(backOffMs(2, () => 0)).toBeLessThan(backOffMs(2, () => 0.99));
  });

  test('compares ids as numbers, however long they are', () => {
    expect(compareIds('9', '10')).toBeLessThan(0);
    expect(compareIds('90071992547409931', '90071992547409930')).toBeGreaterThan(0);
    expect(compareIds('7', '7')).toBe(0);
  });
});
