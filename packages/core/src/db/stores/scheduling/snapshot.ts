import type { Kysely } from 'kysely';
import type { Snapshot } from '../../database.ts';
import type { JobRow, LeaseRow } from '../../rows.ts';
import type { Tables } from '../../schema.ts';
import type { Session } from '../../session.ts';
import { chunks } from '../../values.ts';
import { hostRow } from '../hosts/row.ts';
import { entryRow, executionRow, jobRow, taskRow } from '../jobs/rows.ts';
import { entryMachine } from '../../../model/entry.ts';
import { executionMachine } from '../../../model/execution.ts';
import { isTerminal, type StateMachine } from '../../../model/machine.ts';
import { taskMachine } from '../../../model/task.ts';

/** Everything that is not over, as of one moment. States are listed, not excluded, so that the index on them serves. */
export function readSnapshot(session: Session): Promise<Snapshot> {
  return session.readConsistently(async (db) => {
    const now = session.clock.now();
    const entries = (await db.selectFrom('entries').selectAll().where('state', 'in', open(entryMachine)).execute())
      .map(entryRow)
      .sort(byId);
    const executions = (
      await db.selectFrom('executions').selectAll().where('state', 'in', open(executionMachine)).execute()
    )
      .map(executionRow)
      .sort(byId);
    const tasks = (await db.selectFrom('tasks').selectAll().where('state', 'in', open(taskMachine)).execute())
      .map(taskRow)
      .sort(byId);
    const hosts = (await db.selectFrom('hosts').selectAll().execute()).map(hostRow).sort(byId);
    const leases = new Map((await heldLeases(db)).map((lease) => [lease.hostId, lease]));
    const jobIds = [
      ...entries.map((entry) => entry.jobId),
      ...executions.flatMap((execution) => execution.jobId ?? []),
    ];
    const jobs = new Map((await jobsOf(db, [...new Set(jobIds)])).map((job) => [job.id, job]));
    return { now, entries, jobs, hosts, leases, tasks, executions };
  });
}

// Sorted here: an index on state cannot give this order.
function byId(a: { id: number }, b: { id: number }): number {
  return a.id - b.id;
}

function open<S extends string, M extends string>(machine: StateMachine<S, M>): S[] {
  return machine.states.filter((state) => !isTerminal(machine, state));
}

async function heldLeases(db: Kysely<Tables>): Promise<LeaseRow[]> {
  const rows = await db.selectFrom('leases').selectAll().where('holderKind', 'is not', null).execute();
  return rows.map(({ hostId, holderKind, holderId, epoch, dispatcherId, expiresAt }) => {
    const holder = { kind: holderKind === 'task' ? 'task' : 'entry', id: holderId ?? 0 } as const;
    return { hostId, holder, epoch, dispatcherId, expiresAt };
  });
}

async function jobsOf(db: Kysely<Tables>, ids: readonly number[]): Promise<JobRow[]> {
  const jobs: JobRow[] = [];
  for (const part of chunks(ids)) {
    const rows = await db.selectFrom('jobs').selectAll().where('id', 'in', part).execute();
    jobs.push(...rows.map(jobRow));
  }
  return jobs;
}
