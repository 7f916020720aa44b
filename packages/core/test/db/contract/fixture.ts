import { setTimeout as sleep } from 'node:timers/promises';
import { worstEntryOutcome } from '@autotest/core';
import type { Database, EntryRow, Fence, HostRow, JobRow, LeaseRow, NewHost, NewJob } from '@autotest/core/db';
import { Change, openDatabase } from '@autotest/core/db';
import { newJob as anyJob } from '@autotest/core/testing';
import { afterEach, beforeEach, expect } from 'vitest';
import type { Session } from '../../../src/db/session.ts';
import { openSession } from './open-session.ts';

/** How a suite opens databases. */
export interface StoreUnderTest {
  /** An empty database with all tables. */
  open(): Promise<Database>;
  /** Names the database opened last, for more connections as other processes would have them; undefined where there can be none. */
  url?: () => string;
}

/** The databases of one test. */
export interface Opened {
  /** The first connection. */
  readonly db: Database;
  /** Another connection. */
  again(): Promise<Database>;
  /** Another connection, for transactions that do what no store does. */
  session(): Promise<Session>;
}

/** Opens one database a test; closes whatever was opened. */
export function useDatabase(store: StoreUnderTest): Opened {
  const opened: Database[] = [];
  const sessions: { close(): Promise<void> }[] = [];
  const keep = (database: Database): Database => {
    opened.push(database);
    return database;
  };
  const url = (): string => {
    if (!store.url) throw new Error('this store cannot be opened twice');
    return store.url();
  };
  beforeEach(async () => {
    keep(await store.open());
  });
  afterEach(async () => {
    for (const session of sessions.splice(0)) await session.close();
    for (const database of opened.splice(0).reverse()) await database.close();
  });
  return {
    get db() {
      const [first] = opened;
      if (!first) throw new Error('no database is open');
      return first;
    },
    again: async () => keep(await openDatabase(url())),
    async session() {
      const another = await openSession(url());
      sessions.push(another);
      return another.session;
    },
  };
}

export function newHost(name: string, more: Partial<NewHost> = {}): NewHost {
  return { name, transport: 'ssh', address: '127.0.0.1', port: 22, user: 'tester', ...more };
}

/** A job of the bundle that `putBundle` puts. */
export function newJob(more: Partial<NewJob> = {}): NewJob {
  return anyJob({
    name: 'sleep',
    owner: 'anna',
    bundleHash: 'hash',
    metadata: { name: 'sleep', author: 'A', doc: 'Sleeps.', type: 'client' },
    params: { seconds: 1 },
    timeoutMs: 3_600_000,
    maxRuntimeMs: 60_000,
    ...more,
  });
}

/** A job with `count` hosts of its own. */
export async function submitWithHosts(
  db: Database,
  count: number,
  more: Partial<NewJob> = {},
): Promise<{ job: JobRow; entries: EntryRow[]; hosts: HostRow[] }> {
  await putBundle(db);
  const hosts: HostRow[] = [];
  for (let n = 0; n < count; n++) hosts.push(await db.hosts.add(newHost(`host${nextNumber++}`), 'anna'));
  const { job, entries } = await db.jobs.submit(newJob({ ...more, hostIds: hosts.map((host) => host.id) }));
  return { job, entries, hosts };
}

export function putBundle(db: Database): Promise<void> {
  return db.bundles.put({ hash: 'hash', fileName: 'control.ts', source: 'export {}', json: '{}', sizeBytes: 9 });
}

let nextNumber = 1;

/** The one item that must be there. */
export function only<T>(items: readonly T[]): T {
  const [item] = items;
  if (item === undefined || items.length !== 1) throw new Error(`expected one item, got ${items.length}`);
  return item;
}

/** Tries again what was lost because somebody else had one of the rows at that moment, as a dispatcher does. */
export async function retried<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  for (let n = 0; n < 100; n++) {
    const result = await attempt();
    if (result !== undefined) return result;
    await sleep(Math.random() * 10);
  }
  throw new Error('lost the race again and again');
}

export async function leaseOf(db: Database, hostId: number): Promise<LeaseRow | undefined> {
  return (await db.scheduling.reload({ hosts: [hostId] })).leases[0];
}

/** Makes changes for `commit`. */
export async function changes(db: Database, now = Date.now()): Promise<() => Change> {
  const next = {
    tasks: await db.scheduling.reserveIds('tasks', 1000),
    executions: await db.scheduling.reserveIds('executions', 1000),
  };
  return () => new Change(now, { next: (table) => next[table]++ });
}

/** Registers a dispatcher; gives the fence under which it writes. */
export async function register(db: Database, id: string): Promise<Fence> {
  const dispatcher = { id, machine: 'm', pid: 1, startedAt: 1, maxExecutions: 10, pools: [] };
  return { dispatcherId: id, epoch: await db.scheduling.register(dispatcher) };
}

/** Declares a dispatcher dead, as it is known now. */
export async function declareDead(db: Database, id: string): Promise<boolean> {
  const known = (await db.scheduling.dispatchers()).find((row) => row.id === id);
  if (!known) throw new Error(`no dispatcher ${id}`);
  return db.scheduling.declareDead(known);
}

/** The counts of a job must be those of its entries, however they came about. */
export async function expectCountsOf(db: Database, jobId: number): Promise<void> {
  const entries = await db.jobs.entries(jobId);
  const finished = entries.filter(({ state }) => state === 'finished');
  const queued = entries.filter(({ state }) => state === 'queued');
  const { worstOutcome, outcome, ...job } = (await db.jobs.byId(jobId)) ?? {};
  expect(job).toMatchObject({
    entryCount: entries.length,
    activeCount: entries.length - finished.length - queued.length,
    finishedCount: finished.length,
    state: finished.length === entries.length ? 'finished' : queued.length === entries.length ? 'queued' : 'running',
  });
  const worst = worstEntryOutcome(finished.flatMap((entry) => entry.outcome ?? []));
  expect(worstOutcome).toBe(worst);
  expect(outcome).toBe(finished.length === entries.length ? worst : undefined);
}

/** Walks an entry to `running` with an execution, as a dispatcher does. */
export async function startEntry(
  db: Database,
  entry: EntryRow,
  hostId: number,
  dispatcherId = 'd1',
): Promise<{ entry: EntryRow; executionId: number; epoch: number }> {
  const known = await leaseOf(db, hostId);
  return retried(() =>
    db.scheduling.write((w) => {
      const lease = w.takeLease(known, hostId, { kind: 'entry', id: entry.id }, dispatcherId);
      const execution = w.addExecution({
        purpose: 'job',
        jobId: entry.jobId,
        attempt: 1,
        epoch: lease.epoch,
        tag: `${entry.jobId}-anna/host`,
        resultsDir: `/tmp/results/${entry.jobId}`,
        socketPath: '/tmp/x.sock',
        dispatcherId,
      });
      let row = w.moveEntry(entry, 'assign', { hostId });
      row = w.moveEntry(row, 'host_ready');
      row = w.moveEntry(row, 'launch', { executionId: execution.id });
      row = w.moveEntry(row, 'started');
      return { entry: row, executionId: execution.id, epoch: lease.epoch };
    }),
  );
}

/** Walks a running entry to its end. */
export function finishEntry(db: Database, entry: EntryRow, outcome: 'passed' | 'failed' | 'error'): Promise<EntryRow> {
  return retried(() =>
    db.scheduling.write((w) => {
      let row = w.moveEntry(entry, 'end', { outcome });
      row = w.moveEntry(row, 'gathered');
      row = w.moveEntry(row, 'parsed');
      return w.moveEntry(row, 'archived');
    }),
  );
}
