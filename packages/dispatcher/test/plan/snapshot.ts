import type { EntryRow, ExecutionRow, HostRow, JobRow, LeaseRow, Snapshot, TaskRow } from '@autotest/core/db';
import type { PlanLimits } from '@autotest/dispatcher';

export const now = 1_000_000;

/** A job as a test writes it down: what is not said is ordinary. */
export interface JobSketch extends Partial<Omit<JobRow, 'id'>> {
  readonly entries: readonly Partial<EntryRow>[];
}

export interface WorldSketch {
  /** Host ids count from 1, names are `h<id>` unless given. */
  readonly hosts?: readonly Partial<HostRow>[];
  /** Job ids count from 1; entry ids are job id * 100 + index. */
  readonly jobs?: readonly JobSketch[];
  /** Host id to holder. */
  readonly leases?: Readonly<Record<number, Partial<LeaseRow>>>;
  readonly tasks?: readonly Partial<TaskRow>[];
  readonly executions?: readonly Partial<ExecutionRow>[];
}

export const limits: PlanLimits = {
  dispatcherId: 'd1',
  inherited: new Set(),
  maxExecutions: 10,
  paused: new Set(),
  shortage: undefined,
};

export function snapshotOf(world: WorldSketch): Snapshot {
  const jobs = (world.jobs ?? []).map((job, index) => jobRow(index + 1, job));
  return {
    now,
    hosts: (world.hosts ?? []).map((host, index) => hostRow(index + 1, host)),
    jobs: new Map(jobs.map((job) => [job.id, job])),
    entries: (world.jobs ?? []).flatMap(({ entries }, job) =>
      entries.map((entry, index) => entryRow(job + 1, index, entry)),
    ),
    leases: new Map(
      Object.entries(world.leases ?? {}).map(([hostId, lease]) => [
        Number(hostId),
        {
          hostId: Number(hostId),
          holder: { kind: 'entry', id: 0 },
          epoch: 1,
          dispatcherId: 'd1',
          expiresAt: now + 60_000,
          ...lease,
        },
      ]),
    ),
    tasks: (world.tasks ?? []).map((task, index) => taskRow(index + 1, task)),
    executions: (world.executions ?? []).map((execution, index) => executionRow(index + 1, execution)),
  };
}

export function hostRow(id: number, host: Partial<HostRow> = {}): HostRow {
  return {
    id,
    name: `h${id}`,
    version: 1,
    state: 'ready',
    transport: 'local',
    address: 'localhost',
    port: 0,
    user: 'u',
    hostKeys: [],
    labels: [],
    attributes: {},
    protection: 'none',
    dirty: false,
    draining: false,
    createdAt: 0,
    ...host,
  };
}

export function jobRow(id: number, job: Partial<JobRow> = {}): JobRow {
  return {
    id,
    name: `job ${id}`,
    owner: 'anna',
    state: 'queued',
    priority: 10,
    controlType: 'client',
    bundleHash: 'sha256:0',
    metadata: { name: 'j', author: 'a', doc: 'd', type: 'client' },
    params: {},
    keyvals: {},
    syncCount: 1,
    runVerify: true,
    rebootBefore: 'never',
    rebootAfter: 'never',
    timeoutMs: 0,
    maxRuntimeMs: 0,
    createdAt: id,
    ...job,
  };
}

function entryRow(jobId: number, index: number, entry: Partial<EntryRow>): EntryRow {
  return {
    id: jobId * 100 + index,
    jobId,
    index,
    version: 1,
    state: 'queued',
    named: entry.hostId !== undefined && (entry.state ?? 'queued') === 'queued',
    hostless: false,
    abortRequested: false,
    hostFailures: 0,
    triedHostIds: [],
    repairedHostIds: [],
    queuedAt: jobId,
    ...entry,
  };
}

function taskRow(id: number, task: Partial<TaskRow>): TaskRow {
  return {
    id,
    version: 1,
    hostId: 1,
    kind: 'verify',
    state: 'queued',
    requestedBy: 'dispatcher',
    createdAt: id,
    ...task,
  };
}

function executionRow(id: number, execution: Partial<ExecutionRow>): ExecutionRow {
  return {
    id,
    version: 1,
    state: 'running',
    purpose: 'job',
    attempt: 1,
    epoch: 1,
    tag: `t${id}`,
    resultsDir: `/results/t${id}`,
    socketPath: `/run/${id}.sock`,
    dispatcherId: 'd1',
    journalOffset: 0,
    journalSeq: 0,
    createdAt: 0,
    ...execution,
  };
}
