import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { jobTag } from '@autotest/core';
import type { EntryRow, ExecutionRow, HostRow, JobRow, Snapshot } from '@autotest/core/db';
import { runtimeDir, safeFileName } from '@autotest/core/node';
import { jobDeadline } from '../plan/limits.ts';
import type { Settings } from '../options.ts';

/** Makes the execution of entries whose hosts are ready. `undefined`: somebody was faster. */
export async function launch(
  settings: Settings,
  snapshot: Snapshot,
  entries: readonly EntryRow[],
): Promise<ExecutionRow | undefined> {
  const [first] = entries;
  const job = first && snapshot.jobs.get(first.jobId);
  if (!job) return undefined;
  const hosts = entries.flatMap((entry) => snapshot.hosts.find(({ id }) => id === entry.hostId) ?? []);
  if (hosts.length !== entries.filter(({ hostless }) => !hostless).length) return undefined;
  const leases = hosts.flatMap((host) => snapshot.leases.get(host.id) ?? []);
  if (leases.length !== hosts.length) return undefined;
  const tag = await freeTag(settings, job, subdirOf(entries, hosts));
  const deadlineAt = Math.min(
    jobDeadline(job),
    job.maxRuntimeMs > 0 ? settings.clock.now() + job.maxRuntimeMs : Infinity,
  );
  return settings.database.scheduling.write(async (w) => {
    const execution = await w.addExecution({
      purpose: 'job',
      jobId: job.id,
      attempt: 1,
      // Each host has an epoch of its own; the highest one is newer than any earlier execution's on them.
      epoch: Math.max(0, ...leases.map(({ epoch }) => epoch)),
      tag,
      resultsDir: join(settings.resultsRoot, tag),
      socketPath: newSocketPath(),
      dispatcherId: settings.dispatcherId,
      ...(deadlineAt < Infinity && { deadlineAt }),
    });
    for (const entry of entries) await w.moveEntry(entry, 'launch', { executionId: execution.id });
    for (const host of hosts) await w.moveHost(host, 'run', { dirty: true });
    return execution;
  });
}

/** Known before the process is, so that it is found again without it. Short: a socket's path has at most 107 bytes. */
export function newSocketPath(): string {
  return join(runtimeDir(), `${randomBytes(9).toString('hex')}.sock`);
}

function subdirOf(entries: readonly EntryRow[], hosts: readonly HostRow[]): string {
  const [host] = hosts;
  if (host === undefined) return 'hostless';
  return hosts.length === 1 ? safeFileName(host.name) : `group${(entries[0]?.index ?? 0) + 1}`;
}

/** A tag that no other execution of the job has: two entries may ask for the same host one after the other. */
async function freeTag(settings: Settings, job: JobRow, subdir: string): Promise<string> {
  const base = `${safeFileName(jobTag(job))}/${subdir}`;
  const taken = new Set((await settings.database.jobs.executions(job.id)).map(({ tag }) => tag));
  for (let n = 1; ; n++) {
    const tag = n === 1 ? base : `${base}.${n}`;
    if (!taken.has(tag)) return tag;
  }
}
