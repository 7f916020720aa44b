import type { RecordBody } from '@autotest/core';
import type { Database, EntryRow, LeaseRow } from '@autotest/core/db';
import { expect, it, vi } from 'vitest';
import type { Session } from '../../../src/db/session.ts';
import {
  changes,
  declareDead,
  expectCountsOf,
  finishEntry,
  leaseOf,
  newJob,
  only,
  putBundle,
  register,
  retried,
  startEntry,
  submitWithHosts,
  useDatabase,
  type StoreUnderTest,
} from './fixture.ts';
import { describeNotificationRaces } from './notification-races.ts';
import { addRecurring } from './recurring.ts';

/** What must hold when several connections work at once. */
export function describeConcurrency(store: StoreUnderTest): void {
  const opened = useDatabase(store);

  describeNotificationRaces(opened);

  it('gives a host to one of two dispatchers, with a higher epoch each time', async () => {
    const first = opened.db;
    const second = await opened.again();
    const { entries, hosts } = await submitWithHosts(first, 1);
    const hostId = only(hosts).id;
    const holder = { kind: 'entry', id: only(entries).id } as const;
    let known: LeaseRow | undefined;
    for (let round = 1; round <= 25; round++) {
      const take = (db: Database, id: string) => db.scheduling.write((w) => w.takeLease(known, hostId, holder, id));
      const taken = (await Promise.all([take(first, 'd1'), take(second, 'd2')])).filter((lease) => lease !== undefined);
      const lease = only(taken);
      expect(lease.epoch).toBe(round);
      known = await second.scheduling.write((w) => w.releaseLease(lease));
      expect(known).toEqual(await leaseOf(first, hostId));
    }
  });

  it('submits a recurring job once for each time, however many look', async () => {
    const first = opened.db;
    const second = await opened.again();
    const start = Date.UTC(2040, 0, 1);
    const rows = [];
    for (let n = 0; n < 5; n++) rows.push(await addRecurring(first, { startAt: start, schedule: { everyMs: 60_000 } }));
    for (let round = 0; round < 10; round++) {
      const now = start + round * 60_000;
      const runs = await Promise.all([first, second, first, second].map((db) => db.recurring.claimDue(now)));
      expect(runs.flat().map(({ recurring, jobIds, problem }) => [recurring.id, jobIds.length, problem])).toEqual(
        expect.arrayContaining(rows.map(({ id }) => [id, 1, undefined])),
      );
      expect(runs.flat()).toHaveLength(rows.length);
    }
    expect(await first.jobs.list({ first: 1000 })).toHaveLength(50);
  });

  it('registers a one-time host once for two jobs that ask for it at the same moment', async () => {
    const first = opened.db;
    const second = await opened.again();
    await putBundle(first);
    const oneTimeHosts = [{ address: 'box', port: 22, user: 'root' }];
    const both = await Promise.all([first, second].map((db) => db.jobs.submit(newJob({ oneTimeHosts }))));
    expect(new Set(both.map(({ entries }) => only(entries).hostId)).size).toBe(1);
    expect(await first.hosts.all()).toHaveLength(1);
  });

  it('lets one of two plans for the same entry go ahead', async () => {
    const first = opened.db;
    const second = await opened.again();
    const { job, entries, hosts } = await submitWithHosts(first, 10);
    for (const [n, entry] of entries.entries()) {
      const hostId = hosts[n]?.id ?? 0;
      const plan = (db: Database, id: string) =>
        db.scheduling.write((w) => {
          w.takeLease(undefined, hostId, { kind: 'entry', id: entry.id }, id);
          return w.moveEntry(entry, 'assign', { hostId });
        });
      const done = await Promise.all([plan(first, 'd1'), plan(second, 'd2')]);
      expect(done.filter((row) => row !== undefined)).toHaveLength(1);
    }
    expect((await first.jobs.entries(job.id)).map((entry) => entry.version)).toEqual(entries.map(() => 2));
    expect(await first.events.since(0, { first: 100, kinds: ['entry.moved'] })).toHaveLength(10);
  });

  it('finishes a job once when its entries end at the same moment', async () => {
    const first = opened.db;
    const second = await opened.again();
    for (let round = 0; round < 10; round++) {
      const { job, entries, hosts } = await submitWithHosts(first, 4);
      const running: EntryRow[] = [];
      for (const [n, entry] of entries.entries())
        running.push((await startEntry(first, entry, hosts[n]?.id ?? 0)).entry);
      await Promise.all(
        running.map((entry, n) => finishEntry(n % 2 ? first : second, entry, n === 2 ? 'failed' : 'passed')),
      );
      expect(await first.jobs.byId(job.id)).toMatchObject({ state: 'finished', outcome: 'failed' });
      const events = await first.events.since(0, { first: 1000, jobId: job.id, kinds: ['job.finished'] });
      expect(events).toHaveLength(1);
    }
  });

  it('keeps the counts of a job whose entries are moved over two connections', async () => {
    const first = opened.db;
    const second = await opened.again();
    const { job, entries } = await submitWithHosts(first, 2, { anyHosts: 18 });
    const half = async (db: Database, rest: number) => {
      const newChange = await changes(db);
      for (const entry of entries.filter((_, n) => n % 2 === rest)) {
        const [assigned, failed, given] = [newChange(), newChange(), newChange()];
        const again = failed.moveEntry(assigned.moveEntry(entry, 'assign'), 'host_failed');
        given.moveEntry(again, 'give_up', { outcome: rest === 0 ? 'failed' : 'stopped' });
        for (const change of [assigned, failed, given])
          await retried(async () => (await db.scheduling.commit([change])).committed[0] || undefined);
      }
    };
    await Promise.all([half(first, 0), half(second, 1)]);
    await expectCountsOf(first, job.id);
    expect(await first.jobs.byId(job.id)).toMatchObject({ state: 'finished', outcome: 'failed', finishedCount: 20 });
    expect(await first.events.since(0, { first: 1000, jobId: job.id, kinds: ['entry.moved'] })).toHaveLength(60);
  });

  it('gives ids to one of two, from the very first on', async () => {
    const first = opened.db;
    const second = await opened.again();
    for (const table of ['tasks', 'executions'] as const) {
      const sizes = Array.from({ length: 40 }, (_, n) => 1 + (n % 7));
      const blocks = await Promise.all(
        sizes.map(async (size, n) => {
          const from = await (n % 2 ? first : second).scheduling.reserveIds(table, size);
          return Array.from({ length: size }, (_, at) => from + at);
        }),
      );
      const ids = blocks.flat();
      expect(new Set(ids).size).toBe(ids.length);
      expect(Math.min(...ids)).toBe(1);
    }
  });

  it('gives a role to one of two who ask at once', async () => {
    const first = opened.db;
    const second = await opened.again();
    const fences = [await register(first, 'd1'), await register(second, 'd2')] as const;
    for (let round = 1; round <= 25; round++) {
      const both = await Promise.all([
        first.scheduling.takeRole('planner', fences[0]),
        second.scheduling.takeRole('planner', fences[1]),
      ]);
      const { role } = only(both.filter(({ taken }) => taken));
      expect(both.map((answer) => answer.role)).toEqual([role, role]);
      expect(role.epoch).toBe(round);
      await first.scheduling.resignRole('planner', fences[role.dispatcherId === 'd1' ? 0 : 1]);
    }
  });

  it('registers every one of several processes that take an id at once under an epoch of its own', async () => {
    const first = opened.db;
    const second = await opened.again();
    const fences = await Promise.all(Array.from({ length: 8 }, (_, n) => register(n % 2 ? first : second, 'd1')));
    expect(new Set(fences.map(({ epoch }) => epoch))).toEqual(new Set([1, 2, 3, 4, 5, 6, 7, 8]));
  });

  it('commits before a dispatcher is declared dead or not at all', async () => {
    const first = opened.db;
    const second = await opened.again();
    for (let round = 0; round < 10; round++) {
      const id = `d${round}`;
      const fence = await register(first, id);
      const { job, entries } = await submitWithHosts(first, 0, { anyHosts: 10 });
      const newChange = await changes(first);
      const commits = entries.map((entry) => {
        const change = newChange();
        change.moveEntry(entry, 'give_up', { outcome: 'error' });
        return first.scheduling.commit([change], fence).then(
          ({ committed }) => committed[0],
          (error: unknown) => expect(error).toMatchObject({ code: 'AT_FENCED' }),
        );
      });
      expect(await declareDead(second, id)).toBe(true);
      const atDeath = (await second.jobs.entries(job.id)).filter(({ state }) => state === 'finished').length;
      const done = (await Promise.all(commits)).filter((committed) => committed === true).length;
      expect(atDeath).toBe(done);
      await expectCountsOf(second, job.id);
    }
  });

  it('commits and aborts at the same time', async () => {
    const first = opened.db;
    const second = await opened.again();
    for (let round = 0; round < 15; round++) {
      const { job, entries } = await submitWithHosts(first, 0, { anyHosts: 40 });
      const newChange = await changes(second);
      const reason = { code: 'hosts', message: `round ${round}` } as const;
      const plan = entries.map((entry) => {
        const change = newChange();
        change.moveEntry(entry, 'assign');
        return change;
      });
      const parts = [plan.slice(0, 13), plan.slice(13, 26), plan.slice(26)];
      const [aborted, , ...commits] = await Promise.all([
        first.jobs.requestAbort(job.id, 'anna', 'wrong build'),
        first.scheduling.setWaits([{ key: 'k', reason, entryIds: entries.map(({ id }) => id) }]),
        ...parts.map((part) => second.scheduling.commit(part)),
      ]);
      expect(aborted).toBe(40);
      const committed = commits.flatMap((result) => result.committed);
      const now = await first.jobs.entries(job.id);
      expect(now.map((entry) => [entry.abortRequested, entry.state, entry.version])).toEqual(
        committed.map((done) => [true, done ? 'preparing' : 'queued', done ? 3 : 2]),
      );
      await expectCountsOf(first, job.id);
    }
  });

  it('submits once when the same request arrives over two connections', async () => {
    const first = opened.db;
    const second = await opened.again();
    await putBundle(first);
    for (let round = 0; round < 10; round++) {
      const options = { requestId: `r${round}` };
      const both = await Promise.all([first, second].map((db) => db.jobs.submit(newJob({ anyHosts: 1 }), options)));
      expect(both[0]?.job).toEqual(both[1]?.job);
      expect(both.filter((result) => result.repeated)).toHaveLength(1);
    }
    expect(await first.jobs.list({ first: 100 })).toHaveLength(10);
  });

  it('ingests a batch once when two dispatchers bring it', async () => {
    const first = opened.db;
    const second = await opened.again();
    const { entries, hosts } = await submitWithHosts(first, 1);
    const { executionId, epoch } = await startEntry(first, only(entries), only(hosts).id);
    for (let n = 0; n < 10; n++) {
      const body: RecordBody = { kind: 'node.result', node: 'test', name: `t${n}`, outcome: 'pass' };
      const records = [{ v: 1, seq: n + 1, t: n, epoch, scope: [`t${n}`], ...body }] as const;
      const batch = { fromOffset: n, toOffset: n + 1, records };
      const both = await Promise.all([first, second].map((db) => db.scheduling.ingest(executionId, batch)));
      expect(both.filter((result) => result.applied)).toHaveLength(1);
    }
    expect(await first.results.nodes({ executionId })).toHaveLength(10);
    expect(await first.events.since(0, { first: 100, kinds: ['result.node'] })).toHaveLength(10);
  });

  it('shows every event to a reader with a cursor, in order, while several write', async () => {
    const first = await opened.session();
    const second = await opened.session();
    const reading = await opened.again();
    const perWriter = 60;
    let writing = true;
    const write = async (session: Session, writer: number) => {
      for (let n = 0; n < perWriter; n++) {
        await session
          .write(async (tx) => {
            tx.emit({ kind: 'host.changed', data: { writer, n } });
            // Every fifth is undone, and some hold their transaction open.
            await new Promise((resolve) => setTimeout(resolve, n % 3));
            if (n % 5 === 4) throw new Error('undone');
          })
          .catch((error: Error) => expect(error.message).toBe('undone'));
      }
    };
    const seen: { id: number; writer: unknown; n: unknown }[] = [];
    const read = async () => {
      for (;;) {
        const last = !writing;
        const events = await reading.events.since(seen.at(-1)?.id ?? 0, { first: 7 });
        seen.push(...events.map((event) => ({ id: event.id, writer: event.data.writer, n: event.data.n })));
        if (last && events.length === 0 && seen.length >= 4 * perWriter * 0.8) return;
        if (events.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      }
    };
    const writers = Promise.all([write(first, 0), write(second, 1), write(first, 2), write(second, 3)]);
    const reader = read();
    await writers;
    writing = false;
    await reader;
    expect(seen.map((event) => event.id)).toEqual(seen.map((event) => event.id).sort((a, b) => a - b));
    expect(new Set(seen.map((event) => event.id)).size).toBe(seen.length);
    for (let writer = 0; writer < 4; writer++)
      expect(seen.filter((event) => event.writer === writer).map((event) => event.n)).toEqual(
        Array.from({ length: perWriter }, (_, n) => n).filter((n) => n % 5 !== 4),
      );
  });

  it('hears of what another connection appends', async () => {
    const first = opened.db;
    const second = await opened.again();
    const heard = vi.fn<() => void>();
    second.events.onAppend(heard);
    for (let round = 0; round < 5; round++) {
      // What is told when it starts to listen must not count.
      await new Promise((resolve) => setTimeout(resolve, 100));
      heard.mockClear();
      await first.events.append({ kind: 'host.changed', data: { round } });
      await vi.waitFor(() => expect(heard).toHaveBeenCalled(), { timeout: 30_000 });
    }
  });
}
