import { formatDuration } from '@autotest/core';
import { JobDocument, type Connection, type JobQuery } from '@autotest/graphql/client';
import { notFoundError, type RefusedError } from '../errors.ts';
import { exitCodeOfJob, type ExitCode } from '../exit-codes.ts';
import { formatMetrics, formatResultTree } from '../output/result-tree.ts';
import { paint, paintState } from '../output/style.ts';
import { shownNode } from './shown-node.ts';

export type WholeJob = NonNullable<JobQuery['job']>;

/** A job with everything that belongs to it. @throws RefusedError `AT_NOT_FOUND` */
export async function readJob(server: Connection, id: string): Promise<WholeJob> {
  const { job } = await server.request(JobDocument, { id });
  if (job === null) throw noJob(id);
  return job;
}

export function noJob(id: string): RefusedError {
  return notFoundError('job', id, 'job list');
}

/** Verdict, tree and metrics of a job that ended, for people; gives the exit code. */
export function printReport(job: WholeJob): ExitCode {
  const took =
    job.finishedAt === null ? '' : ` in ${formatDuration(Date.parse(job.finishedAt) - Date.parse(job.createdAt))}`;
  console.log(`${paint('bold', `Job ${job.id} ${job.name}`)}: ${paintState(job.outcome ?? job.state)}${took}`);
  for (const { host, state, cause, waiting } of job.entries) {
    const who = host?.name ?? 'any host';
    if (cause) console.log(`  ${who}: ${cause.message} [${cause.code}]`);
    else if (state !== 'finished')
      console.log(`  ${who}: ${paintState(state)}${waiting ? `: ${waiting.message}` : ''}`);
  }
  const nodes = job.results.map(shownNode);
  if (nodes.length > 0) console.log(`\n${formatResultTree(nodes)}`);
  const metrics = formatMetrics(nodes);
  if (metrics) console.log(`\n${metrics}`);
  return exitCodeOfJob(job.outcome, job.counts);
}
