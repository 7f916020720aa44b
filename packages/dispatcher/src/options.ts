import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLog, systemClock, type Clock, type Log } from '@autotest/core';
import type { Database } from '@autotest/core/db';
import { readProcessStart } from '@autotest/core/node';
import { createMetrics, Health, type Metrics, type Tracing } from '@autotest/core/telemetry';
import type { ResultsServerOptions } from './results-server/results-server.ts';
import { AutoservMissingError } from './errors.ts';
import { claimInstance } from './loop/single-instance.ts';
import type { ExecutorName } from './executors/executor.ts';
import { Executors } from './executors/executors.ts';
import type { WarmLimits } from './executors/local/warm-pool.ts';
import type { SlurmLimits } from './executors/slurm/slurm-executor.ts';
import type { StartWatch } from './run/executions.ts';
import { createDispatcherMetrics, type DispatcherMetrics } from './telemetry/metrics.ts';

export interface DispatcherLimits {
  /** Executions that run at once. @default 64 */
  readonly maxExecutions: number;
  /** Hosts on which an entry with a host to choose may fail before it ends. @default 3 */
  readonly hostFailureBudget: number;
  /** Time between signs of life. @default 2 s */
  readonly heartbeatMs: number;
  /** How long a dispatcher may be silent until others declare it dead. @default 20 s */
  readonly deadMs: number;
  /** How long executions of a dead dispatcher are waited for that nobody else on its machine can take over; then they end as lost. autoserv ends itself before. @default 1 h */
  readonly lostMs: number;
  /** How long an entry that is ready keeps its host while siblings are missing. @default 30 min */
  readonly holdMs: number;
  /** Repairs of a host in a row that did not help, after which it is left alone for `repairCoolDownMs`. @default 3 */
  readonly maxRepairs: number;
  /** @default 6 h */
  readonly repairCoolDownMs: number;
  /** Longest time between two looks at the database. @default 5 s */
  readonly pollMs: number;
  /** Time for a verify. @default 10 min */
  readonly verifyMs: number;
  /** Time for a repair, a cleanup or a provision. @default 1 h */
  readonly repairMs: number;
  /** Time to collect what a lost execution left behind. @default 3 min */
  readonly gatherMs: number;
  /** How long autoserv may take to answer after its start. @default 60 s */
  readonly helloMs: number;
  /** After an abort: how long until autoserv gets SIGTERM. @default 90 s */
  readonly abortGraceMs: number;
  /** After SIGTERM: how long until its process group gets SIGKILL. @default 30 s */
  readonly killGraceMs: number;
  /** First delay until a host set aside is verified again; doubles each time. @default 5 min */
  readonly reverifyMs: number;
  /** Longest such delay. @default 2 h */
  readonly maxReverifyMs: number;
  /** How long a host may be out of reach before autoserv takes it for lost. @default 5 min */
  readonly reconnectMs: number;
  /** Largest results tree of an execution, bytes. @default 10 GiB */
  readonly maxResultsBytes: number;
  /** Nothing starts while the disk of the results has less space. @default 32 MiB */
  readonly minFreeBytes: number;
}

/** The processes of a machine as a dispatcher sees them. */
export interface Processes {
  /** Of this process. */
  readonly pid: number;
  /** Tells a process from another one that has its pid later; undefined: there is none. */
  startOf(pid: number): string | undefined;
  /** Makes sure that a dispatcher id is used once on this machine. @throws DispatcherRunningError */
  claim(dispatcherId: string, resultsRoot: string): Promise<{ release(): Promise<void> }>;
}

const realProcesses: Processes = { pid: process.pid, startOf: readProcessStart, claim: claimInstance };
/** How executions are carried out. */
export interface ExecutionOptions {
  /** What carries out new ones; those that run stay with what started them. @default local */
  readonly executor?: ExecutorName;
  /** Executions started a second, at most. @default no limit */
  readonly maxStartsPerSecond?: number;
  /** Local autoservs that are started ahead and wait; `max: 0` starts none. @default from 1 to 4, by the rate of starts */
  readonly warm?: Partial<WarmLimits>;
  readonly slurm?: SlurmOptions;
}

export interface SlurmOptions {
  /** @default the cluster's */
  readonly partition?: string;
  /** @default the user's */
  readonly account?: string;
  /** Further options of sbatch: `--qos=low`. */
  readonly options?: readonly string[];
  /** slurm.conf of the cluster. @default SLURM_CONF, then where Slurm looks */
  readonly confFile?: string;
  /** Time between two questions to Slurm, which are about all executions at once. @default 1 s */
  readonly pollMs?: number;
}

export interface DispatcherOptions {
  readonly database: Database;
  /** Holds `results/`, `bundles/` and `cache/`. */
  readonly dataDir: string;
  /** Stable name: a restarted dispatcher with the same id takes up where it stopped. @default host name and a hash of `dataDir` */
  readonly dispatcherId?: string;
  /** autoserv as one file. @default that of `@autotest/autoserv` */
  readonly autoservPath?: string;
  /** Node that runs autoserv. @default this process's */
  readonly nodePath?: string;
  /** @default systemClock */
  readonly clock?: Clock;
  /** @default silentLog */
  readonly log?: Log;
  readonly limits?: Partial<DispatcherLimits>;
  /** Names of sets that this dispatcher belongs to; jobs can ask for one. @default none */
  readonly pools?: readonly string[];
  /** Logins of the only owners whose jobs it takes. @default everybody's */
  readonly onlyUsers?: readonly string[];
  /** Serves the results of its executions to API servers on other machines. @default nobody else reads them */
  readonly results?: ResultsServerOptions | undefined;
  /** Watches executions. @default real processes of autoserv */
  readonly startWatch?: StartWatch;
  /** Name of the machine: dispatchers of one machine can go on with each other's executions. @default host name */
  readonly machine?: string;
  /** 0 up to 1; spreads attempts. @default Math.random */
  readonly random?: () => number;
  /** The processes of this machine, this one among them. @default the real ones */
  readonly processes?: Processes;
  /** Where it counts, together with the other parts of the process. @default a registry of its own */
  readonly metrics?: Metrics;
  /** Where its parts report how they are. @default one of its own */
  readonly health?: Health;
  /** Takes spans of what it did. @default none are made */
  readonly tracing?: Tracing | undefined;
  readonly execution?: ExecutionOptions;
}

/** Complete. */
export interface ExecutionSettings {
  readonly executor: ExecutorName;
  /** Infinity: no limit. */
  readonly maxStartsPerSecond: number;
  readonly warm: WarmLimits;
  readonly slurm: SlurmLimits;
}

/** Complete and checked. */
export interface Settings {
  readonly database: Database;
  readonly dispatcherId: string;
  readonly machine: string;
  readonly resultsRoot: string;
  readonly bundlesRoot: string;
  readonly compileCacheDir: string;
  readonly autoservPath: string;
  readonly nodePath: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: DispatcherLimits;
  readonly pools: readonly string[];
  readonly onlyUsers: readonly string[] | undefined;
  readonly results: ResultsServerOptions | undefined;
  readonly startWatch: StartWatch | undefined;
  readonly random: () => number;
  readonly processes: Processes;
  readonly metrics: DispatcherMetrics;
  readonly health: Health;
  readonly tracing: Tracing | undefined;
  readonly execution: ExecutionSettings;
  /** Made from all of the above; nothing runs in it before its first use. */
  readonly executors: Executors;
}

const minuteMs = 60_000;

const defaultLimits: DispatcherLimits = {
  maxExecutions: 64,
  hostFailureBudget: 3,
  heartbeatMs: 2000,
  deadMs: 20_000,
  lostMs: 60 * minuteMs,
  holdMs: 30 * minuteMs,
  maxRepairs: 3,
  repairCoolDownMs: 360 * minuteMs,
  pollMs: 5000,
  verifyMs: 10 * minuteMs,
  repairMs: 60 * minuteMs,
  gatherMs: 3 * minuteMs,
  helloMs: minuteMs,
  abortGraceMs: 90_000,
  killGraceMs: 30_000,
  reverifyMs: 5 * minuteMs,
  maxReverifyMs: 120 * minuteMs,
  reconnectMs: 5 * minuteMs,
  maxResultsBytes: 10 * 1024 ** 3,
  minFreeBytes: 32 * 1024 ** 2,
};

/** @throws AutoservMissingError */
export function compileOptions(options: DispatcherOptions): Settings {
  const dataDir = resolve(options.dataDir);
  const settings = {
    database: options.database,
    dispatcherId: options.dispatcherId ?? defaultDispatcherId(dataDir),
    machine: options.machine ?? hostname(),
    resultsRoot: join(dataDir, 'results'),
    bundlesRoot: join(dataDir, 'bundles'),
    compileCacheDir: join(dataDir, 'cache', 'node'),
    autoservPath: options.startWatch ? '' : findAutoserv(options.autoservPath),
    nodePath: options.nodePath ?? process.execPath,
    clock: options.clock ?? systemClock,
    log: options.log ?? silentLog,
    limits: { ...defaultLimits, ...options.limits },
    pools: options.pools ?? [],
    onlyUsers: options.onlyUsers,
    results: options.results,
    startWatch: options.startWatch,
    random: options.random ?? Math.random,
    processes: options.processes ?? realProcesses,
    metrics: createDispatcherMetrics(options.metrics ?? createMetrics()),
    health: options.health ?? new Health(options.clock),
    tracing: options.tracing,
    execution: compileExecution(options.execution),
  };
  return { ...settings, executors: new Executors(settings) };
}

function compileExecution(options: ExecutionOptions = {}): ExecutionSettings {
  const { executor = 'local', maxStartsPerSecond = Infinity, warm, slurm } = options;
  return {
    executor,
    maxStartsPerSecond,
    warm: { min: 1, max: 4, ...warm },
    slurm: {
      partition: slurm?.partition,
      account: slurm?.account,
      options: slurm?.options ?? [],
      confFile: slurm?.confFile,
      pollMs: slurm?.pollMs ?? 1000,
    },
  };
}

/** The same for the same directory on the same machine. */
function defaultDispatcherId(dataDir: string): string {
  return `${hostname()}-${createHash('sha256').update(dataDir).digest('hex').slice(0, 8)}`;
}

function findAutoserv(given: string | undefined): string {
  let path = given;
  try {
    path ??= fileURLToPath(import.meta.resolve('@autotest/autoserv/bin'));
  } catch (error) {
    throw new AutoservMissingError('@autotest/autoserv/bin', error);
  }
  if (!existsSync(path)) throw new AutoservMissingError(path);
  return path;
}
