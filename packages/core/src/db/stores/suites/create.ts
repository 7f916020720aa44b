import type { NewSuite, NewSuiteJob } from '../../database.ts';
import { DependencyError } from '../../errors.ts';
import type { JobRow, SuiteRow } from '../../rows.ts';
import type { Session, Tx } from '../../session.ts';
import { clipName } from '../../values.ts';
import { submitIn, writeOnce } from '../jobs/submit.ts';
import { jobRow } from '../jobs/rows.ts';
import { suiteRow } from './row.ts';

interface Created {
  readonly suite: SuiteRow;
  /** In the order in which they were named. */
  readonly jobs: JobRow[];
  readonly repeated: boolean;
}

export function createSuite(session: Session, suite: NewSuite, requestId: string | undefined): Promise<Created> {
  return writeOnce(session, async (tx) => {
    const earlier = requestId === undefined ? undefined : await createdAs(tx, requestId, suite.jobs.length);
    return earlier ?? insertSuite(tx, suite, requestId);
  });
}

/** Request id of a job of a suite, by which a repeated suite is found. */
function requestOf(requestId: string, index: number): string {
  return `${requestId}:${index}`;
}

async function createdAs(tx: Tx, requestId: string, count: number): Promise<Created | undefined> {
  const ids = Array.from({ length: count }, (_, index) => requestOf(requestId, index));
  const raw = await tx.db.selectFrom('jobs').selectAll().where('requestId', 'in', ids).execute();
  const suiteId = raw[0]?.suiteId;
  if (suiteId === null || suiteId === undefined) return undefined;
  const suite = await tx.db.selectFrom('suites').selectAll().where('id', '=', suiteId).executeTakeFirstOrThrow();
  const jobs = raw.sort((a, b) => ids.indexOf(a.requestId ?? '') - ids.indexOf(b.requestId ?? '')).map(jobRow);
  return { suite: suiteRow(suite), jobs, repeated: true };
}

async function insertSuite(tx: Tx, suite: NewSuite, requestId: string | undefined): Promise<Created> {
  const order = inOrder(suite.jobs);
  const values = {
    name: clipName(suite.name),
    owner: suite.owner,
    jobCount: suite.jobs.length,
    finishedCount: 0,
    createdAt: tx.now,
  };
  const { insertId } = await tx.db.insertInto('suites').values(values).executeTakeFirstOrThrow();
  const id = Number(insertId);
  const jobs: JobRow[] = [];
  for (const index of order) {
    const { job, afterSiblings = [] } = newJobAt(suite.jobs, index);
    const siblings = afterSiblings.map(({ index: sibling, when }) => ({ jobId: jobs[sibling]?.id ?? 0, when }));
    const submitted = await submitIn(
      tx,
      { ...job, suiteId: id, after: [...(job.after ?? []), ...siblings] },
      requestId === undefined ? {} : { requestId: requestOf(requestId, index) },
    );
    jobs[index] = submitted.job;
  }
  tx.emit({ kind: 'suite.submitted', data: { suiteId: id, name: values.name, owner: suite.owner, jobs: jobs.length } });
  return { suite: { id, ...values }, jobs, repeated: false };
}

/**
 * Positions of the jobs, each one after those that it waits for.
 *
 * @throws DependencyError
 */
function inOrder(jobs: readonly NewSuiteJob[]): number[] {
  const order = new Set<number>();
  const visit = (index: number, path: readonly number[]): void => {
    if (order.has(index)) return;
    if (path.includes(index)) {
      const names = [...path.slice(path.indexOf(index)), index].map((at) => newJobAt(jobs, at).job.name);
      throw new DependencyError(
        `The jobs of the suite wait for each other: ${names.join(' after ')}; break the circle.`,
      );
    }
    for (const sibling of newJobAt(jobs, index).afterSiblings ?? []) visit(sibling.index, [...path, index]);
    order.add(index);
  };
  for (const index of jobs.keys()) visit(index, []);
  return [...order];
}

function newJobAt(jobs: readonly NewSuiteJob[], index: number): NewSuiteJob {
  const job = jobs[index];
  if (job) return job;
  throw new DependencyError(`The suite has no job at position ${index}; it has ${jobs.length}, counted from 0.`);
}
