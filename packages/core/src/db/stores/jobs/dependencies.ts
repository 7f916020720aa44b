import type { DependencyCondition } from '../../../model/job.ts';
import { DependencyError } from '../../errors.ts';
import type { JobDependency, JobRow } from '../../rows.ts';
import type { Tx } from '../../session.ts';
import { chunks } from '../../values.ts';
import { jobRow } from './rows.ts';

/**
 * Makes sure that each job of `after` exists and can still end as asked.
 *
 * @throws DependencyError
 */
export async function checkDependencies(tx: Tx, after: readonly JobDependency[]): Promise<void> {
  const jobs = new Map<number, Ending>();
  for (const part of chunks(after.map(({ jobId }) => jobId))) {
    const raw = await tx.db
      .selectFrom('jobs')
      .select(['id', 'name', 'state', 'outcome'])
      .where('id', 'in', part)
      .execute();
    for (const job of raw.map((row): Ending => jobRow(row))) jobs.set(job.id, job);
  }
  for (const { jobId, when } of after) {
    const problem = problemOf(jobs.get(jobId), jobId, when);
    if (problem !== undefined) throw new DependencyError(problem);
  }
}

type Ending = Pick<JobRow, 'id' | 'name' | 'state' | 'outcome'>;

function problemOf(job: Ending | undefined, jobId: number, when: DependencyCondition): string | undefined {
  if (job === undefined) return `There is no job ${jobId} to wait for; name one that \`autotest job list\` shows.`;
  if (when === 'finished' || job.state !== 'finished' || job.outcome === 'passed') return undefined;
  return `Job ${jobId} (${job.name}) has ended already, ${job.outcome ?? 'without an outcome'}, so it will never pass; run it again and name the new one, or wait for it with "finished".`;
}
