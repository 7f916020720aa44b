import type { WaitReason } from '@autotest/core';
import type {
  AccountRow,
  DispatcherRow,
  EntryRow,
  ExecutionRow,
  HostRow,
  IdSource,
  JobRow,
  LeaseRow,
  TaskRow,
} from '@autotest/core/db';
import { Planner } from '../../src/plan/planner.ts';
import { World } from '../../src/world/world.ts';

export const now = 10_000_000;

/** A job as a test writes it down: what is not said is ordinary. */
export interface JobSketch extends Partial<Omit<JobRow, 'id'>> {
  readonly entries: readonly Partial<EntryRow>[];
}

/** What there is; the rest is ordinary. */
export interface Sketch {
  /** Host ids count from 1, names are `h<id>` unless given. */
  readonly hosts?: readonly Partial<HostRow>[];
  /** Job ids count from 1; entry ids are job id * 100 + index. */
  readonly jobs?: readonly JobSketch[];
  /** Host id to holder. */
  readonly leases?: Readonly<Record<number, LeaseRow['holder']>>;
  readonly tasks?: readonly Partial<TaskRow>[];
  readonly executions?: readonly Partial<ExecutionRow>[];
  readonly dispatchers?: readonly Partial<DispatcherRow>[];
  readonly accounts?: readonly AccountRow[];
  readonly onlyIfNeeded?: readonly string[];
  /** Group id to members: logins and host ids. */
  readonly groups?: Readonly<Record<number, readonly (string | number)[]>>;
  readonly admins?: readonly string[];
  /** Keys that failed a moment ago: `entry:100`. */
  readonly paused?: readonly string[];
}

/** A planner on a sketched world. */
export class Plan {
  readonly world = new World();
  readonly planner: Planner;
  readonly ids: IdSource;
  now = now;

  constructor(sketch: Sketch) {
    const world = this.world;
    world.take(rowsOf(sketch));
    const { dispatchers = [{}], groups = {}, accounts = [], onlyIfNeeded = [], admins = [] } = sketch;
    world.takeRules({
      accounts,
      onlyIfNeeded,
      admins,
      groupsOfUsers: groupsOf(groups, 'string'),
      groupsOfHosts: groupsOf(groups, 'number'),
      dispatchers: dispatchers.map((one, index) => dispatcherRow(`d${index + 1}`, one)),
    });
    let id = 1000;
    this.ids = { next: () => ++id };
    this.planner = new Planner(world, {
      isAlive: () => true,
      onFailed: (key, error) => {
        throw new Error(`${key} failed`, { cause: error });
      },
      isPaused: (key) => sketch.paused?.includes(key) === true,
      holdMs: 1_800_000,
    });
  }

  /** Decides until nothing is left to decide. */
  run(): this {
    do {
      this.world.tick(this.now);
      this.planner.turn(this.now, this.ids);
    } while (this.planner.hasWork);
    return this;
  }

  /** Entry id to host name, of entries that have one. */
  get placed(): Record<number, string> {
    const having = [...this.world.entries.values()].filter(({ state }) => state !== 'queued');
    return Object.fromEntries(having.map(({ id, hostId }) => [id, this.world.hosts.get(hostId ?? 0)?.name ?? '-']));
  }

  /** Entry id to why it waits. */
  get reasons(): Record<number, WaitReason> {
    const found: Record<number, WaitReason> = {};
    for (const { reason, entryIds } of this.planner.waits(this.now)) for (const id of entryIds) found[id] = reason;
    return found;
  }
}

/** Who has which host after a sketched world was planned, as `entry id → host name`. */
export function placed(sketch: Sketch): Record<number, string> {
  return new Plan(sketch).run().placed;
}

/** Why entries wait after a sketched world was planned, as `entry id → code: message`. */
export function reasons(sketch: Sketch): Record<number, string> {
  const found = Object.entries(new Plan(sketch).run().reasons);
  return Object.fromEntries(found.map(([id, { code, message }]) => [id, `${code}: ${message}`]));
}

/** A server job whose hosts start together. */
export function together(
  syncCount: number,
  entries: readonly Partial<EntryRow>[],
  more: Partial<JobRow> = {},
): JobSketch {
  return { controlType: 'server', syncCount, entries, ...more };
}

export const any = (count: number): Partial<EntryRow>[] => Array.from({ length: count }, () => ({}));
export const on = (...hostIds: readonly number[]): Partial<EntryRow>[] => hostIds.map((hostId) => ({ hostId }));

/** Entries of a job that hold hosts already need leases; these are theirs. */
function rowsOf(sketch: Sketch): Parameters<World['take']>[0] {
  const entries = (sketch.jobs ?? []).flatMap((job, jobIndex) =>
    job.entries.map((entry, index) => entryRow(jobIndex + 1, index, entry)),
  );
  const holding = entries.filter(({ state, hostId }) => state !== 'queued' && hostId !== undefined);
  const holders = new Map<number, LeaseRow['holder']>([
    ...holding.map(({ id, hostId = 0 }) => [hostId, { kind: 'entry' as const, id }] as const),
    ...Object.entries(sketch.leases ?? {}).map(([hostId, holder]) => [Number(hostId), holder] as const),
  ]);
  return {
    hosts: (sketch.hosts ?? []).map((host, index) => hostRow(index + 1, host)),
    jobs: (sketch.jobs ?? []).map(({ entries: _entries, ...job }, index) => jobRow(index + 1, job)),
    entries,
    leases: Array.from(holders, ([hostId, holder]) => ({
      hostId,
      ...(holder && { holder }),
      epoch: 1,
      dispatcherId: 'd1',
      takenAt: now,
    })),
    tasks: (sketch.tasks ?? []).map((task, index) => taskRow(index + 1, task)),
    executions: (sketch.executions ?? []).map((execution, index) => executionRow(index + 1, execution)),
  };
}

function groupsOf<Kind extends 'string' | 'number'>(groups: NonNullable<Sketch['groups']>, kind: Kind) {
  const byMember = new Map<Kind extends 'string' ? string : number, number[]>();
  for (const [groupId, members] of Object.entries(groups))
    for (const member of members as readonly (Kind extends 'string' ? string : number)[])
      if (typeof member === kind) byMember.set(member, [...(byMember.get(member) ?? []), Number(groupId)]);
  return byMember;
}

function dispatcherRow(id: string, more: Partial<DispatcherRow>): DispatcherRow {
  return {
    id,
    machine: 'm1',
    pid: 1,
    startedAt: 1,
    heartbeatAt: now,
    epoch: 1,
    maxExecutions: 10_000,
    draining: false,
    pools: [],
    ...more,
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
    health: 1,
    repairFailures: 0,
    oneTime: false,
    createdAt: 0,
    ...host,
  };
}

export function jobRow(id: number, job: Partial<JobRow> = {}): JobRow {
  return {
    id,
    name: `job ${id}`,
    owner: 'anna',
    account: job.owner ?? 'anna',
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
    idleTimeoutMs: 0,
    infraRetries: 1,
    retries: 0,
    reserveOn: 'never',
    reserveMs: 0,
    entryCount: 1,
    activeCount: 0,
    finishedCount: 0,
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
    attempt: 1,
    infraFailures: 0,
    testFailures: 0,
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

export function executionRow(id: number, execution: Partial<ExecutionRow>): ExecutionRow {
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
    executor: 'local',
    journalOffset: 0,
    journalSeq: 0,
    createdAt: 0,
    ...execution,
  };
}
