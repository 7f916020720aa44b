import type { Kysely } from 'kysely';
import type { RowIds, SchedulingRows } from '../../database.ts';
import { entryMachine } from '../../../model/entry.ts';
import { executionMachine } from '../../../model/execution.ts';
import { isTerminal, type StateMachine } from '../../../model/machine.ts';
import { taskMachine } from '../../../model/task.ts';
import type { LeaseRow } from '../../rows.ts';
import type { Tables } from '../../schema.ts';
import type { Session } from '../../session.ts';
import { chunks } from '../../values.ts';
import { hostRow } from '../hosts/row.ts';
import { entryRow, executionRow, jobRow, taskRow } from '../jobs/rows.ts';
import { leaseRow } from './columns.ts';

/** Everything that is not over, as of one moment. States are listed, not excluded, so that the index on them serves. */
export function loadOpen(session: Session): Promise<SchedulingRows> {
  return session.readConsistently(async (db) => {
    const entries = await db.selectFrom('entries').selectAll().where('state', 'in', open(entryMachine)).execute();
    const executions = await db
      .selectFrom('executions')
      .selectAll()
      .where('state', 'in', open(executionMachine))
      .execute();
    const tasks = await db.selectFrom('tasks').selectAll().where('state', 'in', open(taskMachine)).execute();
    const hosts = await db.selectFrom('hosts').selectAll().execute();
    const jobIds = [...entries, ...executions].flatMap(({ jobId }) => jobId ?? []);
    const jobs = await byIds(db, 'jobs', [...new Set(jobIds)]);
    return {
      entries: entries.map(entryRow).sort(byId),
      jobs: jobs.map(jobRow).sort(byId),
      hosts: hosts.map(hostRow).sort(byId),
      executions: executions.map(executionRow).sort(byId),
      tasks: tasks.map(taskRow).sort(byId),
      leases: await allLeases(db),
    };
  });
}

/** Rows by their ids, as they are now, finished ones too. What does not exist is not in the answer. */
export async function loadRows({ db }: Session, ids: RowIds): Promise<SchedulingRows> {
  const entries = [
    ...(await byIds(db, 'entries', ids.entries ?? [])),
    ...(await openEntriesOf(db, ids.jobs ?? [])),
    ...(await entriesOfExecutions(db, ids.entriesOfExecutions ?? [])),
  ];
  return {
    entries: entries.map(entryRow),
    jobs: (await byIds(db, 'jobs', ids.jobs ?? [])).map(jobRow),
    hosts: (await byIds(db, 'hosts', ids.hosts ?? [])).map(hostRow),
    executions: (await byIds(db, 'executions', ids.executions ?? [])).map(executionRow),
    tasks: (await byIds(db, 'tasks', ids.tasks ?? [])).map(taskRow),
    leases: await leasesOf(db, ids.hosts ?? []),
  };
}

// Sorted here: an index on state cannot give this order.
function byId(a: { id: number }, b: { id: number }): number {
  return a.id - b.id;
}

function open<S extends string, M extends string>(machine: StateMachine<S, M>): S[] {
  return machine.states.filter((state) => !isTerminal(machine, state));
}

async function byIds(
  db: Kysely<Tables>,
  table: 'entries' | 'jobs' | 'hosts' | 'executions' | 'tasks',
  ids: readonly number[],
): Promise<object[]> {
  const rows: object[] = [];
  for (const part of chunks(ids))
    rows.push(...(await db.selectFrom(table).selectAll().where('id', 'in', part).execute()));
  return rows;
}

async function openEntriesOf(db: Kysely<Tables>, jobIds: readonly number[]): Promise<object[]> {
  const rows: object[] = [];
  for (const part of chunks(jobIds))
    rows.push(
      ...(await db
        .selectFrom('entries')
        .selectAll()
        .where('jobId', 'in', part)
        .where('state', 'in', open(entryMachine))
        .execute()),
    );
  return rows;
}

async function entriesOfExecutions(db: Kysely<Tables>, executionIds: readonly number[]): Promise<object[]> {
  const rows: object[] = [];
  for (const part of chunks(executionIds))
    rows.push(...(await db.selectFrom('entries').selectAll().where('executionId', 'in', part).execute()));
  return rows;
}

async function allLeases(db: Kysely<Tables>): Promise<LeaseRow[]> {
  return (await db.selectFrom('leases').selectAll().execute()).map(leaseRow);
}

async function leasesOf(db: Kysely<Tables>, hostIds: readonly number[]): Promise<LeaseRow[]> {
  const rows: LeaseRow[] = [];
  for (const part of chunks(hostIds))
    rows.push(...(await db.selectFrom('leases').selectAll().where('hostId', 'in', part).execute()).map(leaseRow));
  return rows;
}
