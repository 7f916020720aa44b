import type { Known } from './known.ts';
import { Violation } from '../violation.ts';

const withExecution = new Set(['starting', 'running']);

/** An entry that runs has an execution that is not over, and nothing runs for an entry that does not. */
export function executionsMatchEntries({ entries, executions }: Known): void {
  for (const entry of entries.values()) {
    if (!withExecution.has(entry.state)) continue;
    const execution = entry.executionId === null ? undefined : executions.get(entry.executionId);
    if (!execution || execution.state === 'ended' || execution.state === 'ingested')
      throw new Violation(
        'no entry is lost',
        `entry ${entry.id} is ${entry.state}, and its execution ${entry.executionId} is ${execution?.state ?? 'not there'}`,
      );
  }
  const runs = new Set(
    [...entries.values()].flatMap(({ executionId, state }) => (state === 'finished' ? [] : (executionId ?? []))),
  );
  for (const { id, purpose, state } of executions.values())
    if (purpose === 'job' && state !== 'ingested' && !runs.has(id))
      throw new Violation('no entry is doubled', `execution ${id} is ${state} and runs for no entry`);
}

/** A task that runs has an execution that is not settled, and the other way round. */
export function executionsMatchTasks({ tasks, executions }: Known): void {
  for (const { id, state, executionId } of tasks.values()) {
    const execution = executionId === null ? undefined : executions.get(executionId);
    if (state === 'running' && (!execution || execution.state === 'ingested'))
      throw new Violation(
        'no entry is lost',
        `task ${id} runs, and its execution ${executionId} is ${execution?.state ?? 'not there'}`,
      );
  }
  for (const { id, taskId, state } of executions.values())
    if (taskId !== null && state !== 'ingested' && tasks.get(taskId)?.state !== 'running')
      throw new Violation(
        'no entry is doubled',
        `execution ${id} of task ${taskId} is ${state}, and the task is ${tasks.get(taskId)?.state}`,
      );
}

/** At most one execution at a time writes into a results directory, besides the one that collects for it. */
export function ownDirectories({ executions }: Known): void {
  const owners = new Map<string, number>();
  for (const { id, purpose, state, resultsDir } of executions.values()) {
    if (purpose === 'gather' || state === 'ingested') continue;
    const other = owners.get(resultsDir);
    if (other !== undefined)
      throw new Violation('no entry is doubled', `executions ${other} and ${id} both have ${resultsDir}`);
    owners.set(resultsDir, id);
  }
}

/** An entry runs again only as often as its job allows. */
export function withinRetries({ entries, jobs }: Known): void {
  for (const { id, jobId, infraFailures, testFailures, attempt } of entries.values()) {
    const job = jobs.get(jobId);
    if (!job) continue;
    if (infraFailures > job.infraRetries || testFailures > job.retries || attempt > 1 + infraFailures + testFailures)
      throw new Violation(
        'no entry is doubled',
        `entry ${id} is at attempt ${attempt} after ${infraFailures} failures of the lab and ${testFailures} of tests`,
      );
  }
}

/** The counts and the state of a job are those of its entries. */
export function countsMatch({ entries, jobs }: Known, jobIds: Iterable<number>): void {
  const byJob = Map.groupBy(entries.values(), ({ jobId }) => jobId);
  for (const id of jobIds) {
    const job = jobs.get(id);
    const own = byJob.get(id) ?? [];
    if (!job) continue;
    const finished = own.filter(({ state }) => state === 'finished').length;
    const active = own.filter(({ state }) => state !== 'finished' && state !== 'queued').length;
    if (own.length !== job.entryCount)
      throw new Violation('no entry is lost', `job ${id} has ${own.length} entries and counts ${job.entryCount}`);
    if (finished !== job.finishedCount || active !== job.activeCount)
      throw new Violation(
        'counts match',
        `job ${id} counts ${job.activeCount} active and ${job.finishedCount} finished entries and has ${active} and ${finished}`,
      );
    if ((job.state === 'finished') !== (finished === own.length))
      throw new Violation(
        'counts match',
        `job ${id} is ${job.state} with ${finished} of ${own.length} entries finished`,
      );
  }
}

/** A finished entry has an outcome, and only a finished one does. */
export function outcomesAreFinal({ entries }: Known, entryIds: Iterable<number>): void {
  for (const id of entryIds) {
    const entry = entries.get(id);
    if (entry?.state === 'finished' && entry.outcome === null)
      throw new Violation('terminal states are final', `entry ${id} is finished without an outcome`);
  }
}

/** What has started waited for what it had to wait for. */
export function dependenciesHold({ entries, jobs }: Known, entryIds: Iterable<number>): void {
  for (const id of entryIds) {
    const entry = entries.get(id);
    const after = entry && jobs.get(entry.jobId)?.after;
    if (!entry || !after || entry.state === 'queued' || entry.state === 'finished') continue;
    for (const { jobId, when } of JSON.parse(after) as { jobId: number; when: string }[]) {
      const awaited = jobs.get(jobId);
      if (awaited?.state !== 'finished' || (when === 'passed' && awaited.outcome !== 'passed'))
        throw new Violation(
          'dependencies hold',
          `entry ${id} is ${entry.state}, and job ${jobId} is ${awaited?.state} ${awaited?.outcome ?? ''}`,
        );
    }
  }
}

/** Hosts of a group start together: one execution has all of them. */
export function groupsAreWhole({ entries, jobs, executions }: Known): void {
  const sizes = new Map<number, number>();
  for (const { executionId, state, jobId, hostless } of entries.values()) {
    const job = jobs.get(jobId);
    if (executionId === null || !job || hostless === 1 || job.syncCount < 2 || job.controlType !== 'server') continue;
    if (withExecution.has(state)) sizes.set(executionId, (sizes.get(executionId) ?? 0) + 1);
  }
  for (const [executionId, size] of sizes) {
    const jobId = executions.get(executionId)?.jobId ?? 0;
    const wanted = jobs.get(jobId)?.syncCount;
    if (size !== wanted)
      throw new Violation(
        'groups are whole',
        `execution ${executionId} of job ${jobId} has ${size} hosts, and ${wanted} start together`,
      );
  }
}
