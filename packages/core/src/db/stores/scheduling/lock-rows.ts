import { sql, type Selectable } from 'kysely';
import type { Tables } from '../../schema.ts';
import type { Tx } from '../../session.ts';
import { chunks } from '../../values.ts';
import type { Change } from './change.ts';
import { leaseRow, leaseText } from './columns.ts';
import type { LockedJob } from './job-progress.ts';
import { hostsNeededBy, type LockedRows } from './known-rows.ts';

/** Locks what changes need, in the order in which every transaction does, and waits for none of it. */
export async function lockRows(tx: Tx, changes: readonly Change[]): Promise<LockedRows> {
  const ids = idsOf(changes);
  const jobs = await lock(tx, 'jobs', ids.jobs, jobColumns);
  return {
    jobs: new Map(jobs.map((job) => [job.id, job])),
    entries: await lockVersions(tx, 'entries', ids.entries),
    executions: await lockVersions(tx, 'executions', ids.executions),
    tasks: await lockVersions(tx, 'tasks', ids.tasks),
    hosts: await lockVersions(tx, 'hosts', ids.hosts),
    ...(await lockLeases(tx, ids.leases)),
    accepted: new Set(),
  };
}

const jobColumns = [
  'id',
  'name',
  'state',
  'entryCount',
  'activeCount',
  'finishedCount',
  'worstOutcome',
  'startedAt',
  'suiteId',
] as const satisfies readonly (keyof LockedJob)[];

function idsOf(changes: readonly Change[]) {
  const ids = {
    jobs: new Set<number>(),
    entries: new Set<number>(),
    executions: new Set<number>(),
    tasks: new Set<number>(),
    hosts: new Set<number>(),
    leases: new Set<number>(),
  };
  for (const change of changes) {
    for (const [id, { before }] of change.entries) {
      ids.entries.add(id);
      ids.jobs.add(before.jobId);
    }
    for (const id of change.executions.keys()) ids.executions.add(id);
    for (const id of change.tasks.keys()) ids.tasks.add(id);
    for (const id of change.hosts.keys()) ids.hosts.add(id);
    for (const id of hostsNeededBy(change)) ids.hosts.add(id);
    for (const id of change.leases.keys()) ids.leases.add(id);
  }
  return ids;
}

async function lockVersions(
  tx: Tx,
  table: 'entries' | 'executions' | 'tasks' | 'hosts',
  ids: ReadonlySet<number>,
): Promise<Map<number, number>> {
  return new Map((await lock(tx, table, ids, ['id', 'version'])).map(({ id, version }) => [id, version]));
}

/** Only leases of hosts that are locked can be missing for good: somebody else may be making one otherwise. */
async function lockLeases(tx: Tx, hostIds: ReadonlySet<number>): Promise<Pick<LockedRows, 'leases' | 'foreignLeases'>> {
  const rows = await lock(tx, 'leases', hostIds, leaseColumns);
  const leases = new Map(rows.map((row) => [row.hostId, leaseText(leaseRow(row))]));
  const missing = [...hostIds].filter((id) => !leases.has(id));
  if (!tx.session.isServer || missing.length === 0) return { leases, foreignLeases: new Set() };
  const foreign = new Set<number>();
  for (const part of chunks(missing))
    for (const { hostId } of await tx.db.selectFrom('leases').select('hostId').where('hostId', 'in', part).execute())
      foreign.add(hostId);
  return { leases, foreignLeases: foreign };
}

const leaseColumns = ['hostId', 'holderKind', 'holderId', 'epoch', 'dispatcherId', 'takenAt'] as const;

/**
 * Rows by primary key, locked on servers; SQLite has one writer at a time. Always by that key, whatever the optimizer thinks of small tables: a scan would lock for a
 * moment what others need, and skip nothing but their rows.
 */
async function lock<T extends keyof Tables, Column extends keyof Selectable<Tables[T]> & string>(
  tx: Tx,
  table: T,
  ids: ReadonlySet<number>,
  columns: readonly [Column, ...Column[]],
): Promise<Pick<Selectable<Tables[T]>, Column>[]> {
  const rows: Pick<Selectable<Tables[T]>, Column>[] = [];
  const select = sql`select ${sql.join(columns.map((name) => sql.ref(name)))} from ${sql.table(table)}`;
  const key = sql.ref(columns[0]);
  for (const part of chunks([...ids].sort((a, b) => a - b))) {
    const query = tx.session.isServer
      ? sql`${select} force index (primary) where ${key} in (${sql.join(part)}) for update skip locked`
      : sql`${select} where ${key} in (${sql.join(part)})`;
    rows.push(...(await query.$castTo<Pick<Selectable<Tables[T]>, Column>>().execute(tx.db)).rows);
  }
  return rows;
}
