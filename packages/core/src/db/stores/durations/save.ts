import type { DurationRow, ExecutionRow } from '../../rows.ts';
import type { Tx } from '../../session.ts';
import { upsert } from '../../upsert.ts';
import { chunks } from '../../values.ts';
import type { Change } from '../scheduling/change.ts';
import type { LockedJob } from '../scheduling/job-progress.ts';

/** Share of the newest run, once there are many: about the last twenty count. */
const weight = 0.1;

/**
 * Learns from executions that end with a verdict how long jobs of their name run. Nobody waits for it: where another transaction is about to write down the same name, this
 * run is left out, which an average does not notice.
 */
export async function saveDurations(
  tx: Tx,
  jobs: ReadonlyMap<number, LockedJob>,
  changes: readonly Change[],
): Promise<void> {
  const runs = new Map<string, number[]>();
  for (const { executions } of changes) {
    for (const { before, after } of executions.values()) {
      const name = after.jobId === undefined ? undefined : jobs.get(after.jobId)?.name;
      const ranMs = before.state === 'ingested' ? undefined : ranMsOf(after);
      if (name !== undefined && ranMs !== undefined) runs.set(name, [...(runs.get(name) ?? []), ranMs]);
    }
  }
  if (runs.size === 0) return;
  const known = await lockKnown(tx, [...runs.keys()].sort());
  const rows = [...known].map(([name, row]) => (runs.get(name) ?? []).reduce(withRun, { ...row, changedAt: tx.now }));
  await upsert(tx, 'durations', rows, { key: ['name'], update: ['runs', 'meanMs', 'varianceMs2', 'changedAt'] });
}

/** How long an execution ran that is over and says something of its job; undefined for others. */
function ranMsOf({ purpose, state, exitClass, startedAt, endedAt }: ExecutionRow): number | undefined {
  const hasVerdict = purpose === 'job' && (exitClass === 'clean' || exitClass === 'testFailures');
  if (state !== 'ingested' || !hasVerdict || startedAt === undefined || endedAt === undefined) return undefined;
  return Math.max(0, endedAt - startedAt);
}

/** The plain mean and variance at first, exponentially weighted ones from then on. */
function withRun(row: DurationRow, ranMs: number): DurationRow {
  const share = Math.max(weight, 1 / (row.runs + 1));
  const difference = ranMs - row.meanMs;
  return {
    ...row,
    runs: row.runs + 1,
    meanMs: row.meanMs + share * difference,
    varianceMs2: (1 - share) * (row.varianceMs2 + share * difference * difference),
  };
}

/** What is known of names, locked; nothing of those that are new. Names that another transaction has locked are not in it. */
async function lockKnown(tx: Tx, names: readonly string[]): Promise<Map<string, DurationRow>> {
  const found = new Map<string, DurationRow>();
  for (const part of chunks(names)) {
    const query = tx.db.selectFrom('durations').selectAll().where('name', 'in', part).orderBy('name');
    const rows = await (tx.session.isServer ? query.forUpdate().skipLocked() : query).execute();
    for (const row of rows) found.set(row.name, row);
    const missing = part.filter((name) => !found.has(name));
    if (missing.length === 0) continue;
    const others = await tx.db.selectFrom('durations').select('name').where('name', 'in', missing).execute();
    const locked = new Set(others.map(({ name }) => name));
    for (const name of missing)
      if (!locked.has(name)) found.set(name, { name, runs: 0, meanMs: 0, varianceMs2: 0, changedAt: 0 });
  }
  return found;
}
