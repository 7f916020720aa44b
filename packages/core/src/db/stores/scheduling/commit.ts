import type { Selectable } from 'kysely';
import type { Committed, Fence } from '../../database.ts';
import type { Tables } from '../../schema.ts';
import type { Session, Tx } from '../../session.ts';
import { upsert } from '../../upsert.ts';
import { chunks } from '../../values.ts';
import { closeNodes } from '../results/close-nodes.ts';
import { bulkUpdate } from './bulk-update.ts';
import type { Change, Touched } from './change.ts';
import {
  entryColumns,
  entryValues,
  executionColumns,
  executionValues,
  hostColumns,
  hostValues,
  leaseValues,
  newExecutionValues,
  newTaskValues,
  taskColumns,
  taskValues,
} from './columns.ts';
import { saveProgress, type LockedJob } from './job-progress.ts';
import { checkFence } from './roles.ts';

/**
 * Carries out many changes in one transaction: each one as a whole or not at all. Changes that build on each other come in their order; one whose rows are not as it
 * knew them is left out, and so is what builds on it.
 *
 * The number of statements does not depend on the number of changes. Rows that another transaction has at this moment are not waited for (SKIP LOCKED): changes that
 * need them count as lost and are planned again. Locks are taken in the order jobs, entries, executions, tasks, hosts, leases, as everywhere.
 *
 * @throws FencedError
 */
export async function commit(
  session: Session,
  changes: readonly Change[],
  fence: Fence | undefined,
): Promise<Committed> {
  const { result, events } = await session.writeTelling(async (tx) => {
    if (fence) await checkFence(tx, fence);
    const known = await lockRows(tx, changes);
    const committed = changes.map((change) => known.accept(change));
    const accepted = changes.filter((_, index) => committed[index]);
    if (accepted.length === 0) return { committed, jobs: [] };
    await bulkUpdate(tx, 'entries', 'id', lastOf(accepted, ({ entries }) => entries).map(entryValues), entryColumns);
    await bulkUpdate(tx, 'hosts', 'id', lastOf(accepted, ({ hosts }) => hosts).map(hostValues), hostColumns);
    for (const part of chunks(accepted.flatMap(({ newExecutions }) => newExecutions).map(newExecutionValues)))
      await tx.db.insertInto('executions').values(part).execute();
    await bulkUpdate(
      tx,
      'executions',
      'id',
      lastOf(accepted, ({ executions }) => executions).map(executionValues),
      executionColumns,
    );
    for (const part of chunks(accepted.flatMap(({ newTasks }) => newTasks).map(newTaskValues)))
      await tx.db.insertInto('tasks').values(part).execute();
    await bulkUpdate(tx, 'tasks', 'id', lastOf(accepted, ({ tasks }) => tasks).map(taskValues), taskColumns);
    const leases = new Map(
      accepted.flatMap((change) => [...change.leases.values()].map(({ after }) => [after.hostId, after])),
    );
    await upsert(tx, 'leases', Array.from(leases.values(), leaseValues), {
      key: ['hostId'],
      update: ['holderKind', 'holderId', 'epoch', 'dispatcherId', 'takenAt'],
    });
    for (const change of accepted) for (const event of change.events) tx.emit(event);
    for (const { closedNodes } of accepted)
      for (const { executionId, outcome, reason } of closedNodes) await closeNodes(tx, executionId, outcome, reason);
    const jobs = await saveProgress(tx, known.jobs, accepted);
    return { committed, jobs };
  });
  return { ...result, ...(events?.areAll === true && { events: { first: events.first, last: events.last } }) };
}

/** Versions of the rows that changes touch, as they are now; rises with each change that is accepted. */
class KnownRows {
  readonly jobs: ReadonlyMap<number, LockedJob>;
  readonly #versions: Readonly<Record<'entries' | 'executions' | 'tasks' | 'hosts', Map<number, number>>>;
  /** By host id: epoch and holder as text. */
  readonly #leases: Map<number, string>;
  readonly #lockedLeases: ReadonlySet<number>;

  constructor(
    jobs: ReadonlyMap<number, LockedJob>,
    versions: KnownRows['versions'],
    leases: Map<number, string>,
    lockedLeases: ReadonlySet<number>,
  ) {
    this.jobs = jobs;
    this.#versions = versions;
    this.#leases = leases;
    this.#lockedLeases = lockedLeases;
  }

  get versions(): Readonly<Record<'entries' | 'executions' | 'tasks' | 'hosts', Map<number, number>>> {
    return this.#versions;
  }

  accept(change: Change): boolean {
    const { entries, executions, tasks, hosts } = this.#versions;
    const holds =
      [...change.entries.values()].every(({ before }) => this.jobs.has(before.jobId)) &&
      areAsKnown(entries, change.entries) &&
      areAsKnown(executions, change.executions) &&
      areAsKnown(tasks, change.tasks) &&
      areAsKnown(hosts, change.hosts) &&
      [...change.leases.values()].every(
        ({ before, after }) =>
          !this.#lockedLeases.has(after.hostId) && this.#leases.get(after.hostId) === leaseText(before),
      );
    if (!holds) return false;
    raise(entries, change.entries);
    raise(executions, change.executions);
    raise(tasks, change.tasks);
    raise(hosts, change.hosts);
    for (const { after } of change.leases.values()) this.#leases.set(after.hostId, leaseText(after) ?? '');
    for (const row of change.newTasks) tasks.set(row.id, row.version);
    for (const row of change.newExecutions) executions.set(row.id, row.version);
    return true;
  }
}

interface Versioned {
  readonly id: number;
  readonly version: number;
}

function areAsKnown(versions: ReadonlyMap<number, number>, rows: ReadonlyMap<number, Touched<Versioned>>): boolean {
  for (const { before } of rows.values()) if (versions.get(before.id) !== before.version) return false;
  return true;
}

function raise(versions: Map<number, number>, rows: ReadonlyMap<number, Touched<Versioned>>): void {
  for (const { after } of rows.values()) versions.set(after.id, after.version);
}

async function lockRows(tx: Tx, changes: readonly Change[]): Promise<KnownRows> {
  const jobIds = changes.flatMap(({ entries }) => Array.from(entries.values(), ({ before }) => before.jobId));
  const jobs = new Map((await lockJobs(tx, unique(jobIds))).map((job) => [job.id, job]));
  const entries = await lockVersions(
    tx,
    'entries',
    changes.map((change) => change.entries),
  );
  const executions = await lockVersions(
    tx,
    'executions',
    changes.map((change) => change.executions),
  );
  const tasks = await lockVersions(
    tx,
    'tasks',
    changes.map((change) => change.tasks),
  );
  const hosts = await lockVersions(
    tx,
    'hosts',
    changes.map((change) => change.hosts),
  );
  const { leases, locked } = await lockLeases(tx, changes);
  return new KnownRows(jobs, { entries, executions, tasks, hosts }, leases, locked);
}

async function lockJobs(tx: Tx, ids: readonly number[]): Promise<LockedJob[]> {
  const jobs: LockedJob[] = [];
  for (const part of chunks(ids)) {
    const query = tx.db
      .selectFrom('jobs')
      .select([
        'id',
        'name',
        'state',
        'entryCount',
        'activeCount',
        'finishedCount',
        'worstOutcome',
        'startedAt',
        'suiteId',
      ])
      .where('id', 'in', part);
    jobs.push(...(await (tx.session.isServer ? query.forUpdate().skipLocked() : query).execute()));
  }
  return jobs;
}

async function lockVersions(
  tx: Tx,
  table: 'entries' | 'executions' | 'tasks' | 'hosts',
  touched: readonly ReadonlyMap<number, unknown>[],
): Promise<Map<number, number>> {
  const versions = new Map<number, number>();
  for (const part of chunks(unique(touched.flatMap((rows) => [...rows.keys()])))) {
    const query = tx.db.selectFrom(table).select(['id', 'version']).where('id', 'in', part);
    const rows = await (tx.session.isServer ? query.forUpdate().skipLocked() : query).execute();
    for (const { id, version } of rows) versions.set(id, version);
  }
  return versions;
}

/** Leases that exist, and which of those asked for somebody else has locked: they must not be taken for ones that do not exist. */
async function lockLeases(
  tx: Tx,
  changes: readonly Change[],
): Promise<{ leases: Map<number, string>; locked: Set<number> }> {
  const leases = new Map<number, string>();
  const asked = new Map(changes.flatMap((change) => [...change.leases].map(([id, { before }]) => [id, before])));
  for (const part of chunks([...asked.keys()])) {
    const query = tx.db.selectFrom('leases').selectAll().where('hostId', 'in', part);
    const rows = await (tx.session.isServer ? query.forUpdate().skipLocked() : query).execute();
    for (const row of rows) leases.set(row.hostId, textOfRow(row));
  }
  const missing = [...asked.keys()].filter((id) => !leases.has(id));
  const locked = new Set<number>();
  if (tx.session.isServer && missing.length > 0) {
    const rows = await tx.db.selectFrom('leases').select('hostId').where('hostId', 'in', missing).execute();
    for (const { hostId } of rows) locked.add(hostId);
  }
  return { leases, locked };
}

function textOfRow({ epoch, holderKind, holderId }: Selectable<Tables['leases']>): string {
  return `${epoch} ${holderKind ?? '-'} ${holderId ?? '-'}`;
}

/** What identifies the state of a lease; undefined for one that does not exist. */
function leaseText(lease: { epoch: number; holder?: { kind: string; id: number } } | undefined): string | undefined {
  return lease && `${lease.epoch} ${lease.holder?.kind ?? '-'} ${lease.holder?.id ?? '-'}`;
}

/** Each row once, as the last change leaves it. */
function lastOf<Row>(changes: readonly Change[], rowsOf: (change: Change) => ReadonlyMap<number, Touched<Row>>): Row[] {
  const rows = new Map<number, Row>();
  for (const change of changes) for (const [id, { after }] of rowsOf(change)) rows.set(id, after);
  return [...rows.values()];
}

function unique(ids: readonly number[]): number[] {
  return [...new Set(ids)].sort((a, b) => a - b);
}
