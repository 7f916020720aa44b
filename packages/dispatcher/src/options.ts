import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { silentLog, systemClock, type Clock, type Log } from '@autotest/core';
import type { Database } from '@autotest/core/db';
import { AutoservMissingError } from './errors.ts';

export interface DispatcherLimits {
  /** Executions that run at once. @default 64 */
  readonly maxExecutions: number;
  /** Hosts on which an entry with a host to choose may fail before it ends. @default 3 */
  readonly hostFailureBudget: number;
  /** How long a lease holds without being extended. @default 60 s */
  readonly leaseMs: number;
  /** Time between extensions of leases, and signs of life. @default 10 s */
  readonly heartbeatMs: number;
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
}

const minuteMs = 60_000;

const defaultLimits: DispatcherLimits = {
  maxExecutions: 64,
  hostFailureBudget: 3,
  leaseMs: minuteMs,
  heartbeatMs: 10_000,
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
  return {
    database: options.database,
    dispatcherId: options.dispatcherId ?? defaultDispatcherId(dataDir),
    machine: hostname(),
    resultsRoot: join(dataDir, 'results'),
    bundlesRoot: join(dataDir, 'bundles'),
    compileCacheDir: join(dataDir, 'cache', 'node'),
    autoservPath: findAutoserv(options.autoservPath),
    nodePath: options.nodePath ?? process.execPath,
    clock: options.clock ?? systemClock,
    log: options.log ?? silentLog,
    limits: { ...defaultLimits, ...options.limits },
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
