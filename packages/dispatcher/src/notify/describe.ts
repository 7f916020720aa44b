import {
  isFailure,
  resultOutcomes,
  type EntryOutcome,
  type JobReport,
  type NotificationMessage,
  type ReportedEntry,
  type ReportedHost,
  type ReportedJob,
} from '@autotest/core';
import type { Database, EntryRow, HostRow, JobRow, ResultNodeRow } from '@autotest/core/db';
import type { Occurrence } from './match.ts';

const maxEntries = 100;
const maxTests = 50;
const maxReason = 1000;
const maxPath = 500;
const failures = resultOutcomes.filter(isFailure);
/** What hides inside of groups, which only repeat it. */
const kinds = ['test', 'command'] as const;

/** Writes down what happened, as it is now; bounded, however large the job is. */
export async function describe(
  database: Database,
  occurrence: Occurrence,
  publicUrl: string | undefined,
): Promise<NotificationMessage> {
  const head = { version: 1, timestamp: new Date(occurrence.event.t).toISOString() } as const;
  if (occurrence.kind === 'host.setAside') {
    const host = reportHost(occurrence.host, occurrence.event.data.reason, publicUrl);
    return { ...head, type: 'host.setAside', data: { host } };
  }
  const { kind, job } = occurrence;
  if (kind === 'job.started') return { ...head, type: kind, data: { job: reportJob(job, publicUrl) } };
  return { ...head, type: kind, data: await report(database, job, publicUrl) };
}

async function report(database: Database, job: JobRow, publicUrl: string | undefined): Promise<JobReport> {
  const entries = (await database.jobs.entries(job.id)).toSorted((a, b) => rank(a.outcome) - rank(b.outcome));
  const shown = entries.slice(0, maxEntries);
  const hosts = await database.lookup.hosts(shown.flatMap(({ hostId }) => hostId ?? []));
  const counts = await database.lookup.resultCounts([job.id]);
  const failed = await database.results.nodes({ jobId: job.id, outcomes: failures, kinds, first: maxTests });
  const sum = (rows: typeof counts): number => rows.reduce((total, { count }) => total + count, 0);
  const allFailed = sum(counts.filter(({ outcome }) => outcome !== undefined && isFailure(outcome)));
  return {
    job: reportJob(job, publicUrl),
    entries: shown.map((entry) => reportEntry(entry, hosts.get(entry.hostId ?? 0))),
    moreEntries: entries.length - shown.length,
    tests: {
      total: sum(counts),
      ...Object.fromEntries(counts.flatMap(({ outcome, count }) => (outcome ? [[outcome, count]] : []))),
    },
    failedTests: failed.map(reportTest),
    moreFailedTests: Math.max(0, allFailed - failed.length),
  };
}

/** What passed is told of last, since that is left out first. */
function rank(outcome: EntryOutcome | undefined): number {
  return outcome === 'passed' ? 1 : 0;
}

function reportJob(job: JobRow, publicUrl: string | undefined): ReportedJob {
  const { id, name, owner, state, outcome, suiteId, startedAt, finishedAt, abortedBy, abortReason } = job;
  return {
    id,
    name,
    owner,
    state,
    ...(outcome && { outcome }),
    ...(suiteId !== undefined && { suiteId }),
    createdAt: new Date(job.createdAt).toISOString(),
    ...(startedAt !== undefined && { startedAt: new Date(startedAt).toISOString() }),
    ...(finishedAt !== undefined && { finishedAt: new Date(finishedAt).toISOString() }),
    ...(startedAt !== undefined && finishedAt !== undefined && { durationMs: finishedAt - startedAt }),
    ...(abortedBy !== undefined && { abortedBy }),
    ...(abortReason !== undefined && { abortReason: clip(abortReason, maxReason) }),
    ...(publicUrl !== undefined && { url: `${publicUrl}/jobs/${id}` }),
    reproduce: `autotest job rerun ${id}`,
  };
}

function reportEntry({ index, outcome, cause, attempt }: EntryRow, host: HostRow | undefined): ReportedEntry {
  return {
    index,
    ...(host && { host: host.name }),
    ...(outcome && { outcome }),
    ...(cause && { cause: { code: cause.code, message: clip(cause.message, maxReason) } }),
    attempt,
  };
}

function reportTest({ path, outcome = 'unknown', reason, host }: ResultNodeRow): JobReport['failedTests'][number] {
  return {
    path: clip(path, maxPath),
    outcome,
    ...(reason !== undefined && { reason: clip(reason, maxReason) }),
    ...(host !== undefined && { host }),
  };
}

function reportHost({ id, name }: HostRow, reason: unknown, publicUrl: string | undefined): ReportedHost {
  return {
    id,
    name,
    ...(typeof reason === 'string' && { reason: clip(reason, maxReason) }),
    ...(publicUrl !== undefined && { url: `${publicUrl}/hosts/${encodeURIComponent(name)}` }),
  };
}

function clip(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1).toWellFormed()}…`;
}
