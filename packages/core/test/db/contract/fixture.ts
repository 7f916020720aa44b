import type { Database, EntryRow, HostRow, JobRow, NewHost, NewJob } from '@autotest/core/db';
import { newJob as anyJob } from '@autotest/core/testing';
import { afterEach, beforeEach } from 'vitest';

/** How a suite opens databases. */
export interface StoreUnderTest {
  /** An empty database with all tables. */
  open(): Promise<Database>;
  /** Another connection to the database opened last, as another process would have it; undefined where there can be none. */
  openAgain?: () => Promise<Database>;
}

/** Opens one database a test; closes whatever was opened. */
export function useDatabase(store: StoreUnderTest): { readonly db: Database; again(): Promise<Database> } {
  const opened: Database[] = [];
  const keep = (database: Database): Database => {
    opened.push(database);
    return database;
  };
  beforeEach(async () => {
    keep(await store.open());
  });
  afterEach(async () => {
    for (const database of opened.splice(0).reverse()) await database.close();
  });
  return {
    get db() {
      const [first] = opened;
      if (!first) throw new Error('no database is open');
      return first;
    },
    async again() {
      if (!store.openAgain) throw new Error('this store cannot be opened twice');
      return keep(await store.openAgain());
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

/** Walks an entry to `running` with an execution, as a dispatcher does. */
export async function startEntry(
  db: Database,
  entry: EntryRow,
  hostId: number,
  dispatcherId = 'd1',
): Promise<{ entry: EntryRow; executionId: number; epoch: number }> {
  const started = await db.scheduling.write(async (w) => {
    const lease = await w.takeLease(hostId, { kind: 'entry', id: entry.id }, dispatcherId, Date.now() + 60_000);
    const execution = await w.addExecution({
      purpose: 'job',
      jobId: entry.jobId,
      attempt: 1,
      epoch: lease.epoch,
      tag: `${entry.jobId}-anna/host`,
      resultsDir: `/tmp/results/${entry.jobId}`,
      socketPath: '/tmp/x.sock',
      dispatcherId,
    });
    let row = await w.moveEntry(entry, 'assign', { hostId });
    row = await w.moveEntry(row, 'host_ready');
    row = await w.moveEntry(row, 'launch', { executionId: execution.id });
    row = await w.moveEntry(row, 'started');
    return { entry: row, executionId: execution.id, epoch: lease.epoch };
  });
  if (!started) throw new Error('lost a race');
  return started;
}

/** Walks a running entry to its end. */
export async function finishEntry(
  db: Database,
  entry: EntryRow,
  outcome: 'passed' | 'failed' | 'error',
): Promise<EntryRow> {
  const finished = await db.scheduling.write(async (w) => {
    let row = await w.moveEntry(entry, 'end', { outcome });
    row = await w.moveEntry(row, 'gathered');
    row = await w.moveEntry(row, 'parsed');
    return w.moveEntry(row, 'archived');
  });
  if (!finished) throw new Error('lost a race');
  return finished;
}
