import type { Duration } from '../time/duration.ts';
import type { JsonValue } from '../json/json-value.ts';
import type { MetricDirection, ResultOutcome } from '../results/outcome.ts';
import type { Command, CommandResult, RunOptions } from './command.ts';
import type { Host } from './host.ts';
import type { Warnings } from './warnings.ts';

/** How a test, command or group went, as the control file sees it. */
export interface TestOutcome {
  /** Unique within the job: names of the enclosing groups and of the test, joined by `/`. */
  readonly path: string;
  readonly outcome: ResultOutcome;
  /** True for pass and warn. */
  readonly ok: boolean;
  readonly reason?: string;
  readonly durationMs: number;
}

export interface RunTestOptions {
  /** Distinguishes several runs of a test; part of the result's name: `name.tag`. */
  readonly tag?: string;
  /** @default 1 */
  readonly iterations?: number;
  /** Repeat iterations for this long; goes before `iterations`. */
  readonly testLength?: Duration;
  readonly timeout?: Duration;
  readonly profilers?: readonly string[];
  /** Expressions over the iteration's metrics and attributes; one that does not hold fails the test. */
  readonly constraints?: readonly string[];
  readonly attributes?: Readonly<Record<string, string | number | boolean>>;
  readonly onlyProfile?: boolean;
  /** Run the test's `cleanup`. @default true */
  readonly cleanup?: boolean;
  /** Throw when the outcome is not ok. @default false */
  readonly check?: boolean;
}

export const resultFormats = [
  'exit',
  'tap',
  'ktap',
  'junit',
  'gtest',
  'xunit',
  'subunit',
  'go',
  'automake',
  'ltp',
] as const;
export type ResultFormat = (typeof resultFormats)[number];

export interface RunCommandOptions {
  /** How the command tells its results. @default 'exit' */
  readonly format?: ResultFormat;
  /** File (relative to `cwd`) that holds the results, where they are not on stdout. */
  readonly resultFile?: string;
  readonly timeout?: Duration;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly tag?: string;
  readonly check?: boolean;
}

export interface MetricInput {
  readonly name: string;
  readonly value: number;
  /** @default '' */
  readonly unit?: string;
  /** @default 'none' */
  readonly direction?: MetricDirection;
}

export interface RecordOptions {
  readonly subdir?: string;
  readonly fields?: Readonly<Record<string, string>>;
}

export interface BarrierOptions {
  /** Names of everybody who must arrive, this one included. */
  readonly members: readonly string[];
  /** @default '1 hour' */
  readonly timeout?: Duration;
}

/** What the control file of a job can do, client or server. Every awaited call is a durable step of its scope. */
export interface Job {
  readonly id?: number;
  readonly name: string;
  /** `<job id>-<owner>/<subdir>`; `local` where the client runs alone. */
  readonly tag: string;
  /** Fires when the job is aborted or its time is over. */
  readonly signal: AbortSignal;
  /** When the job's time is over. */
  readonly deadline: Date | undefined;
  /** Absolute path of the results directory. */
  readonly resultsDir: string;

  /** Runs a test by name (bundled library, test directories) or by path relative to the control file. Does not throw for a bad outcome, unless `check`. */
  runTest(
    nameOrPath: string,
    params?: Readonly<Record<string, unknown>>,
    options?: RunTestOptions,
  ): Promise<TestOutcome>;
  /** Runs any executable as a test; its subtests become a tree. */
  runCommand(name: string, argv: readonly string[], options?: RunCommandOptions): Promise<TestOutcome>;
  group<T>(name: string, fn: () => Promise<T>): Promise<T>;
  /** Runs the branches at the same time. All end before it throws an AggregateError of what failed. */
  parallel<B extends Readonly<Record<string, () => Promise<unknown>>>>(branches: B): Promise<BranchResults<B>>;
  /** Makes any code a durable step: its result is recorded and given back when the control file starts again. */
  step<T extends JsonValue | void>(name: string, fn: () => Promise<T> | T): Promise<T>;
  /** Recorded wall-clock time, ms since the epoch: the same after a restart. */
  now(): Promise<number>;
  /** Recorded random number in [0, 1). */
  random(): Promise<number>;

  record(status: ResultOutcome, name: string, message?: string, options?: RecordOptions): void;
  keyval(values: Readonly<Record<string, JsonValue>>): void;
  metric(metric: MetricInput): void;
  /** Keeps a file with the results; gives its path there. */
  artifact(path: string): Promise<string>;

  run(command: Command, options?: RunOptions): Promise<CommandResult>;
  runCheck(command: Command, options?: RunOptions): Promise<CommandResult>;

  barrier(name: string, options: BarrierOptions): Promise<void>;
  readonly state: SharedState;
  readonly config: Readonly<Record<string, JsonValue>>;
  readonly profilers: Profilers;
  /** Which reports on the consoles of the hosts count. */
  readonly warnings: Warnings;
  readonly sysinfo: Sysinfo;

  /** Ends the job as aborted. */
  abort(reason: string): never;
  /** Ends the job now. */
  complete(outcome?: ResultOutcome): never;
}

/** What branches of `job.parallel` gave, by their names. */
export type BranchResults<B extends Readonly<Record<string, () => Promise<unknown>>>> = {
  [K in keyof B]: Awaited<ReturnType<B[K]>>;
};

/** Values shared between the server's and the client's part of a job. */
export interface SharedState {
  get<T extends JsonValue>(name: string, fallback?: T): T;
  set(name: string, value: JsonValue): void;
  has(name: string): boolean;
}

export interface Profilers {
  add(name: string, options?: Readonly<Record<string, JsonValue>>): void;
  delete(name: string): void;
  readonly active: readonly string[];
}

export interface Sysinfo {
  /** Adds a command whose output is kept with the results of each boot, or of each test. */
  addCommand(command: Command, options?: { name?: string; everyTest?: boolean }): void;
  addFile(path: string, options?: { everyTest?: boolean }): void;
}

export interface RebootOptions {
  readonly kernel?: string;
  readonly args?: string;
  readonly tag?: string;
  /** @default '30 minutes' */
  readonly timeout?: Duration;
}

/** Job of a client control file. */
export interface ClientJob extends Job {
  readonly hostname: string;
  /** Reboots this machine; the next line runs after it. */
  reboot(options?: RebootOptions): Promise<void>;
  readonly kernel: KernelTools;
  partition(device: string): Partition;
}

export interface KernelTools {
  install(pathOrUrl: string): Promise<{ version: string }>;
  list(): Promise<readonly string[]>;
  setDefault(version: string): Promise<void>;
  bootOnce(version: string, args?: string): Promise<void>;
  addArgs(version: string, args: string): Promise<void>;
}

export interface Partition {
  readonly device: string;
  mkfs(type: string, options?: readonly string[]): Promise<void>;
  mount(directory: string, options?: readonly string[]): Promise<void>;
  unmount(): Promise<void>;
  fsck(): Promise<void>;
}

export interface OnEachOptions {
  /** Hosts at the same time. @default 100 */
  readonly concurrency?: number;
  /** `throw` ends in an AggregateError after all hosts; `collect` gives errors as results. @default 'throw' */
  readonly failures?: 'throw' | 'collect';
}

export interface RunClientControlOptions {
  /** @default all hosts of the execution */
  readonly hosts?: readonly Host[];
  readonly params?: Readonly<Record<string, unknown>>;
  readonly background?: boolean;
  readonly timeout?: Duration;
}

export interface HostResult<T> {
  readonly host: Host;
  readonly value?: T;
  readonly error?: unknown;
}

/** Job of a server control file. */
export interface ServerJob extends Job {
  /** The hosts this execution holds. */
  readonly hosts: readonly Host[];
  host(name: string): Host;
  /** Runs `fn` for each host, with a results subdirectory for each. */
  onEach<T>(
    hosts: readonly Host[],
    fn: (host: Host) => Promise<T>,
    options?: OnEachOptions,
  ): Promise<readonly HostResult<T>[]>;
  /** Ships a client control file to the hosts and runs it there. Path relative to this control file. */
  runClientControl(path: string, options?: RunClientControlOptions): Promise<readonly HostResult<TestOutcome>[]>;
}
