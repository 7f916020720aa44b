import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { jobTag } from '@autotest/core';
import type { Change, EntryRow, ExecutionRow, HostRow, JobRow } from '@autotest/core/db';
import { runtimeDir, safeFileName } from '@autotest/core/node';
import type { Settings } from '../options.ts';
import { jobDeadline } from '../plan/deadlines.ts';
import type { World } from '../world/world.ts';
import type { Tags } from './tags.ts';

/** Makes the execution of entries whose hosts are ready. undefined: something of what it needs is gone. */
export function launch(
  change: Change,
  world: World,
  settings: Settings,
  tags: Tags,
  entries: readonly EntryRow[],
): ExecutionRow | undefined {
  const [first] = entries;
  const job = first && world.jobs.get(first.jobId);
  if (!job) return undefined;
  const hosts = entries.flatMap(({ hostId }) => (hostId === undefined ? [] : (world.hosts.get(hostId) ?? [])));
  if (hosts.length !== entries.filter(({ hostless }) => !hostless).length) return undefined;
  // What is known of them may be of different moments.
  if (hosts.some(({ state }) => state !== 'reserved')) return undefined;
  const leases = hosts.map(({ id }) => world.heldLease(id));
  if (leases.some((lease) => lease === undefined)) return undefined;
  const attempt = Math.max(...entries.map((entry) => entry.attempt));
  // Each attempt keeps what it left, whoever carries out the next one.
  const name = `${subdirOf(job, entries, hosts)}${attempt > 1 ? `.${attempt}` : ''}`;
  const tag = tags.take(job.id, `${safeFileName(jobTag(job))}/${name}`, (one) =>
    existsSync(join(settings.resultsRoot, one)),
  );
  const deadlineAt = Math.min(jobDeadline(job), job.maxRuntimeMs > 0 ? change.now + job.maxRuntimeMs : Infinity);
  const execution = change.addExecution({
    purpose: 'job',
    jobId: job.id,
    attempt,
    // Each host has an epoch of its own; the highest one is newer than any earlier execution's on them.
    epoch: Math.max(0, ...leases.map((lease) => lease?.epoch ?? 0)),
    tag,
    resultsDir: join(settings.resultsRoot, tag),
    socketPath: newSocketPath(),
    dispatcherId: settings.dispatcherId,
    executor: settings.executors.name,
    ...(deadlineAt < Infinity && { deadlineAt }),
  });
  for (const entry of entries) change.moveEntry(entry, 'launch', { executionId: execution.id });
  for (const host of hosts) change.moveHost(host, 'run', { dirty: true });
  return execution;
}

/** Known before the process is, so that it is found again without it. Short: a socket's path has at most 107 bytes. */
export function newSocketPath(): string {
  socketDir ??= runtimeDir();
  return `${socketDir}/${randomBytes(9).toString('hex')}.sock`;
}

let socketDir: string | undefined;

function subdirOf(job: JobRow, entries: readonly EntryRow[], hosts: readonly HostRow[]): string {
  const [host] = hosts;
  if (host === undefined) return 'hostless';
  return hosts.length === 1 && job.syncCount <= 1 ? safeFileName(host.name) : `group${(entries[0]?.index ?? 0) + 1}`;
}
