import DataLoader from 'dataloader';
import type {
  Database,
  EntryRow,
  ExecutionRow,
  HostRow,
  JobRow,
  LeaseRow,
  MetricRow,
  QueuePosition,
  ResultCountRow,
  ResultNodeRow,
  StoredBundle,
  SuiteRow,
  TaskRow,
  WaitRow,
} from '@autotest/core/db';
import type { Why } from './entries/why/explain.ts';
import { explainReady } from './entries/why/ready.ts';

/** Rows as one request sees them: each is read once, and what is asked at the same moment is read together. */
export interface Loaders {
  readonly job: DataLoader<number, JobRow | undefined>;
  readonly host: DataLoader<number, HostRow | undefined>;
  readonly entry: DataLoader<number, EntryRow | undefined>;
  readonly execution: DataLoader<number, ExecutionRow | undefined>;
  readonly task: DataLoader<number, TaskRow | undefined>;
  readonly node: DataLoader<number, ResultNodeRow | undefined>;
  readonly suite: DataLoader<number, SuiteRow | undefined>;
  readonly wait: DataLoader<number, WaitRow | undefined>;
  /** Of queued entries, by entry id. */
  readonly position: DataLoader<number, QueuePosition | undefined>;
  /** Special tasks that are not over, by entry id. */
  readonly openTasksOf: DataLoader<number, TaskRow[]>;
  /** Why ready entries do not start, by job id. */
  readonly readyOf: DataLoader<number, Why>;
  readonly bundle: DataLoader<string, StoredBundle | undefined>;
  /** By host id. */
  readonly holder: DataLoader<number, LeaseRow['holder'] | undefined>;
  /** Names of ACL groups by host id. */
  readonly groupsOf: DataLoader<number, string[] | undefined>;
  /** By job id. */
  readonly entriesOf: DataLoader<number, EntryRow[]>;
  /** By job id. */
  readonly nodesOf: DataLoader<number, ResultNodeRow[]>;
  /** By job id. */
  readonly countsOf: DataLoader<number, ResultCountRow[]>;
  /** By node id. */
  readonly metricsOf: DataLoader<number, MetricRow[]>;
}

/** Most result nodes that one answer holds for its jobs together. */
export const maxNodes = 100_000;

export function createLoaders({ lookup, jobs, bundles }: Database): Loaders {
  const loaders: Loaders = {
    job: byKey((ids) => lookup.jobs(ids)),
    host: byKey((ids) => lookup.hosts(ids)),
    entry: byKey((ids) => lookup.entries(ids)),
    execution: byKey((ids) => lookup.executions(ids)),
    task: byKey((ids) => lookup.tasks(ids)),
    node: byKey((ids) => lookup.nodes(ids)),
    suite: byKey((ids) => lookup.suites(ids)),
    wait: byKey((ids) => lookup.waits(ids)),
    position: byKey((ids) => lookup.positions(ids)),
    openTasksOf: groupedBy(
      ({ entryId }) => entryId,
      (entryIds) => lookup.openTasksOf(entryIds),
    ),
    readyOf: new DataLoader((jobIds) => Promise.all(jobIds.map((jobId) => explainReady(jobId, loaders)))),
    holder: byKey((ids) => lookup.holders(ids)),
    groupsOf: byKey((ids) => lookup.groupsOf(ids)),
    bundle: new DataLoader((hashes) => Promise.all(hashes.map((hash) => bundles.get(hash)))),
    entriesOf: groupedBy(
      ({ jobId }) => jobId,
      (jobIds) => jobs.entriesOf(jobIds),
    ),
    nodesOf: groupedBy(
      ({ jobId }) => jobId,
      (jobIds) => lookup.nodesOfJobs(jobIds, maxNodes),
    ),
    countsOf: groupedBy(
      ({ jobId }) => jobId,
      (jobIds) => lookup.resultCounts(jobIds),
    ),
    metricsOf: new DataLoader(async (ids) => {
      const metrics = await lookup.metrics(ids);
      return ids.map((id) => metrics.get(id) ?? []);
    }),
  };
  return loaders;
}

function byKey<Row>(read: (ids: readonly number[]) => Promise<Map<number, Row>>): DataLoader<number, Row | undefined> {
  return new DataLoader(async (ids) => {
    const rows = await read(ids);
    return ids.map((id) => rows.get(id));
  });
}

function groupedBy<Row>(
  keyOf: (row: Row) => number | undefined,
  read: (keys: readonly number[]) => Promise<Row[]>,
): DataLoader<number, Row[]> {
  return new DataLoader(async (keys) => {
    const groups = new Map<number | undefined, Row[]>(keys.map((key) => [key, []]));
    for (const row of await read(keys)) groups.get(keyOf(row))?.push(row);
    return keys.map((key) => groups.get(key) ?? []);
  });
}
