import type { EventKind, EventRow } from '@autotest/core';
import type { Database } from '@autotest/core/db';
import type { Occurrence } from './match.ts';

/** Events that occurrences are made of. */
export const occurrenceKinds = ['job.started', 'job.finished', 'host.moved'] as const satisfies readonly EventKind[];

/** What events tell of, with the jobs and hosts that they are about. What was deleted meanwhile is left out. */
export async function occurrencesOf(database: Database, events: readonly EventRow[]): Promise<Occurrence[]> {
  const told = events.filter(({ kind, data }) => kind !== 'host.moved' || data.move === 'set_aside');
  if (told.length === 0) return [];
  const jobs = await database.lookup.jobs([...new Set(told.flatMap(({ jobId }) => jobId ?? []))]);
  const hosts = await database.lookup.hosts([...new Set(told.flatMap(({ hostId }) => hostId ?? []))]);
  return told.flatMap((event): Occurrence[] => {
    const { kind, jobId = 0, hostId = 0 } = event;
    const job = jobs.get(jobId);
    const host = hosts.get(hostId);
    if (kind === 'host.moved') return host ? [{ kind: 'host.setAside', event, host }] : [];
    if (kind !== 'job.started' && kind !== 'job.finished') return [];
    return job ? [{ kind, event, job }] : [];
  });
}
