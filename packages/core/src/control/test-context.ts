import type { JsonValue } from '../json/json-value.ts';
import type { Command, CommandResult, RunOptions } from './command.ts';
import type { MetricInput, RebootOptions } from './job.ts';
import type { Warnings } from './warnings.ts';

/** What a test can do and where it stands; given to each of its phases. */
export interface TestContext {
  readonly name: string;
  readonly tag: string | undefined;
  /** 1-based number of the iteration that runs; 0 outside iterations. */
  readonly iteration: number;
  /** How often the machine was rebooted by this test (`t.reboot()`). */
  readonly boot: number;
  /** Results directory of the test. */
  readonly outputDir: string;
  readonly resultsDir: string;
  readonly debugDir: string;
  readonly profDir: string;
  /** Kept between jobs, filled by `setup`. */
  readonly srcDir: string;
  /** Directory of the test's own files in the bundle. */
  readonly binDir: string;
  /** Empty at the start, deleted at the end. */
  readonly tmpDir: string;
  readonly signal: AbortSignal;

  run(command: Command, options?: RunOptions): Promise<CommandResult>;
  runCheck(command: Command, options?: RunOptions): Promise<CommandResult>;
  /** Adds a metric to the iteration that runs (or to the test, outside iterations). */
  metric(metric: MetricInput): void;
  /** Adds attributes to the iteration that runs. */
  attribute(values: Readonly<Record<string, JsonValue>>): void;
  /** Adds keyvals to the test. */
  keyval(values: Readonly<Record<string, JsonValue>>): void;
  /** Which reports on the console of this host count. */
  readonly warnings: Warnings;
  log(message: string): void;
  /** Runs `fn` as a node of its own below the test. Throws what `fn` throws, after recording it. */
  subtest<T>(name: string, fn: () => Promise<T> | T): Promise<T>;
  /** Durable step inside the test: recorded across `t.reboot()`. */
  step<T extends JsonValue | void>(name: string, fn: () => Promise<T> | T): Promise<T>;
  /** Keeps a file with the results; gives its path there. */
  artifact(path: string): Promise<string>;
  reboot(options?: RebootOptions): Promise<void>;
}
