import { openDatabase, type Change, type Database, type EntryRow, type HostRow } from '@autotest/core/db';
import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { changes, leaseOf, register, startEntry, submitWithHosts } from '../../test/db/contract/fixture.ts';
import { runOf } from '../../test/db/contract/durations.ts';
import { openSession } from '../../test/db/contract/open-session.ts';

/** Runs `work` while another connection has rows locked, and ends with that. Who waits for the rows fails. */
async function whileLocked<T>(url: string, rows: string, work: () => Promise<T>): Promise<T> {
  const other = await openSession(url);
  try {
    return await other.session.write(async (tx) => {
      const locked = await sql.raw(`select * from ${rows} for update`).execute(tx.db);
      expect(locked.rows.length).toBeGreaterThan(0);
      // Not inside of the transaction, which the database under test knows nothing of.
      return work();
    });
  } finally {
    await other.close();
  }
}

/** What needs rows that another connection has locked counts as lost, at once; the rest goes on. */
export function describeLocks(newUrl: () => string): void {
  const withJob = async (
    count: number,
    work: (world: { db: Database; url: string; entries: EntryRow[]; hosts: HostRow[] }) => Promise<void>,
  ) => {
    const url = newUrl();
    const db = await openDatabase(url, { migrate: true });
    try {
      await work({ db, url, ...(await submitWithHosts(db, count)) });
    } finally {
      await db.close();
    }
  };
  const assign = (change: Change, entry: EntryRow, host: HostRow): Change => {
    change.moveEntry(entry, 'assign', { hostId: host.id });
    change.moveHost(host, 'reserve');
    change.takeLease(undefined, host.id, { kind: 'entry', id: entry.id }, 'd1');
    return change;
  };

  it.each([
    ['an entry', (entries: EntryRow[]) => `entries where id = ${entries[0]?.id}`, [false, true, true]],
    ['a host', (_: EntryRow[], hosts: HostRow[]) => `hosts where id = ${hosts[1]?.id}`, [true, false, true]],
    ['the job', (entries: EntryRow[]) => `jobs where id = ${entries[0]?.jobId}`, [false, false, false]],
  ])('does not wait for %s', (_name, rows, expected) =>
    withJob(3, async ({ db, url, entries, hosts }) => {
      const fence = await register(db, 'd1');
      const newChange = await changes(db);
      const all = entries.flatMap((entry, n) => (hosts[n] ? [assign(newChange(), entry, hosts[n])] : []));
      const { committed } = await whileLocked(url, rows(entries, hosts), () => db.scheduling.commit(all, fence));
      expect(committed).toEqual(expected);
      // Once the rows are free, so is the way.
      const again = await db.scheduling.commit(all, fence);
      expect(again.committed).toEqual(expected.map((done) => !done));
    }),
  );

  it('does not wait for how long jobs of a name run: that run is left out', () =>
    withJob(1, async ({ db, url, entries }) => {
      const run = (entry: EntryRow | undefined, executionId: number) =>
        db.scheduling.commit(runOf(entry ? [entry] : [], 1000, 'clean', executionId));
      const executionId = await db.scheduling.reserveIds('executions', 3);
      await run(entries[0], executionId);
      const again = await submitWithHosts(db, 2);
      const { committed } = await whileLocked(url, `durations where name = 'sleep'`, () =>
        run(again.entries[0], executionId + 1),
      );
      expect(committed).toEqual([true, true]);
      expect(await db.scheduling.durations(0)).toMatchObject([{ name: 'sleep', runs: 1 }]);
      await run(again.entries[1], executionId + 2);
      expect(await db.scheduling.durations(0)).toMatchObject([{ name: 'sleep', runs: 2 }]);
    }));

  it('does not wait for a host to which new rows refer', () =>
    withJob(2, async ({ db, url, entries, hosts }) => {
      const newChange = await changes(db);
      const [task, entry, other] = [newChange(), newChange(), newChange()];
      const [locked, free] = hosts;
      if (!locked || !free || !entries[1]) throw new Error('no hosts');
      const verify = { kind: 'verify', requestedBy: 'd1', dispatcherId: 'd1' } as const;
      task.addTask({ ...verify, hostId: locked.id });
      entry.moveEntry(entries[1], 'assign', { hostId: locked.id });
      other.addTask({ ...verify, hostId: free.id });
      const { committed } = await whileLocked(url, `hosts where id = ${locked.id}`, () =>
        db.scheduling.commit([task, entry, other]),
      );
      expect(committed).toEqual([false, false, true]);
    }));

  it('does not wait for executions and tasks', () =>
    withJob(2, async ({ db, url, entries, hosts }) => {
      const [first, second] = entries;
      if (!first || !second || !hosts[0] || !hosts[1]) throw new Error('no hosts');
      const { executionId } = await startEntry(db, first, hosts[0].id);
      const other = await startEntry(db, second, hosts[1].id);
      const newTask = { kind: 'verify', requestedBy: 'd1', dispatcherId: 'd1', hostId: hosts[0].id } as const;
      const task = await db.scheduling.write((w) => w.addTask(newTask));
      const { executions } = await db.scheduling.reload({ executions: [executionId, other.executionId] });
      if (!task || !executions[0] || !executions[1]) throw new Error('no rows');
      const newChange = await changes(db);
      const [one, two, three] = [newChange(), newChange(), newChange()];
      one.moveExecution(executions[0], 'start');
      two.moveTask(task, 'start');
      three.moveExecution(executions[1], 'start');
      const { committed } = await whileLocked(url, `executions where id = ${executionId}`, () =>
        whileLocked(url, `tasks where id = ${task.id}`, () => db.scheduling.commit([one, two, three])),
      );
      expect(committed).toEqual([false, false, true]);
    }));

  it('does not take a lease that somebody has locked for one that was never made', () =>
    withJob(2, async ({ db, url, hosts }) => {
      const [host, other] = hosts;
      if (!host || !other) throw new Error('no hosts');
      const holder = { kind: 'task', id: 1 } as const;
      const lease = await db.scheduling.write((w) => w.takeLease(undefined, host.id, holder, 'd1'));
      if (!lease) throw new Error('no lease');
      const newChange = await changes(db);
      const [fresh, release, elsewhere] = [newChange(), newChange(), newChange()];
      fresh.takeLease(undefined, host.id, { kind: 'task', id: 2 }, 'd2');
      release.releaseLease(lease);
      elsewhere.takeLease(undefined, other.id, { kind: 'task', id: 3 }, 'd2');
      const { committed } = await whileLocked(url, `leases where hostId = ${host.id}`, () =>
        db.scheduling.commit([fresh, release, elsewhere]),
      );
      expect(committed).toEqual([false, false, true]);
      expect(await leaseOf(db, host.id)).toEqual(lease);
      expect((await db.scheduling.commit([fresh, release])).committed).toEqual([false, true]);
    }));

  it('works beside the rows that others have locked, in tables of a few rows too', () =>
    withJob(3, async ({ db, url, entries, hosts }) => {
      const [first] = entries;
      if (!first || !hosts[0]) throw new Error('no entries');
      const newChange = await changes(db);
      const change = assign(newChange(), first, hosts[0]);
      await whileLocked(url, `entries where id <> ${first.id}`, () =>
        whileLocked(url, `hosts where id <> ${hosts[0]?.id}`, async () => {
          expect((await db.scheduling.commit([change])).committed).toEqual([true]);
          const reason = { code: 'hosts', message: 'busy' } as const;
          await db.scheduling.setWaits([{ key: 'k', reason, entryIds: [first.id] }]);
        }),
      );
    }));
}
