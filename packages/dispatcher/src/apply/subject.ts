import type { ExecutionRow } from '@autotest/core/db';
import type { Settings } from '../options.ts';
import type { Subject } from '../supervise/prepare.ts';

/** Finds what an execution is about. @param owner the execution that entries point to: for `gather` the one it collects for */
export async function subjectOf(settings: Settings, execution: ExecutionRow, owner: ExecutionRow): Promise<Subject> {
  const { jobs, hosts, scheduling } = settings.database;
  if (execution.taskId !== undefined) {
    const task = (await scheduling.snapshot()).tasks.find(({ id }) => id === execution.taskId);
    const host = task && (await hosts.byId(task.hostId));
    return { execution, job: undefined, hosts: host ? [host] : [] };
  }
  const job = execution.jobId === undefined ? undefined : await jobs.byId(execution.jobId);
  const entries = job ? (await jobs.entries(job.id)).filter(({ executionId }) => executionId === owner.id) : [];
  const hostIds = entries.sort((a, b) => a.index - b.index).flatMap(({ hostId }) => hostId ?? []);
  const rows = await Promise.all(hostIds.map((id) => hosts.byId(id)));
  return { execution, job, hosts: rows.filter((host) => host !== undefined) };
}
