import type { Duration } from '../time/duration.ts';
import type { Command, CommandResult, RunOptions } from './command.ts';
import type { RunTestOptions, TestOutcome } from './job.ts';

/** How far a transfer is. */
export interface TransferProgress {
  /** Bytes of content that went over the connection so far. */
  readonly bytes: number;
  /** Files that are complete. */
  readonly files: number;
}

export interface TransferOptions {
  /** Delete at the destination what the source does not have. @default false */
  readonly delete?: boolean;
  /** @default true */
  readonly preservePermissions?: boolean;
  /** Copy symbolic links as links. Without it, `sendFile` sends the file that a link leads to and leaves other links out; `getFile` leaves all out. @default false */
  readonly preserveSymlinks?: boolean;
  /** Most bytes of content that `getFile` takes. @default 64 GiB */
  readonly maxBytes?: number;
  readonly onProgress?: (progress: TransferProgress) => void;
  /** @default '30 minutes' */
  readonly timeout?: Duration;
  readonly signal?: AbortSignal;
}

export interface BackgroundCommand {
  readonly pid: number;
  /** Resolves when it ended. */
  readonly result: Promise<CommandResult>;
  kill(signal?: string): Promise<void>;
}

export interface HostRebootOptions {
  readonly timeout?: Duration;
  readonly command?: string;
}

/** A machine under test, as a server control file drives it. Every call is bounded in time. */
export interface Host {
  readonly name: string;
  readonly labels: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;

  run(command: Command, options?: RunOptions): Promise<CommandResult>;
  runCheck(command: Command, options?: RunOptions): Promise<CommandResult>;
  runBackground(command: Command, options?: RunOptions): Promise<BackgroundCommand>;
  /**
   * Copies a file or tree to the host. What is there already, by hash, is not sent again; large files go on where they were cut off; each file appears
   * whole, verified by hash.
   */
  sendFile(source: string, destination: string, options?: TransferOptions): Promise<void>;
  /** Copies a file or tree from the host. What it brings stays below `destination`, whatever the host says. */
  getFile(source: string, destination: string, options?: TransferOptions): Promise<void>;

  /** Reboots and waits for a new boot id. */
  reboot(options?: HostRebootOptions): Promise<void>;
  waitUp(timeout?: Duration): Promise<void>;
  waitDown(timeout?: Duration): Promise<void>;
  bootId(): Promise<string>;
  isUp(): Promise<boolean>;

  kernelVersion(): Promise<string>;
  arch(): Promise<string>;
  cpuCount(): Promise<number>;
  /** Bytes. */
  memory(): Promise<number>;
  /** Free bytes at a path. */
  diskFree(path?: string): Promise<number>;
  /** A new directory, deleted when the execution ends. */
  tmpDir(): Promise<string>;

  runTest(
    nameOrPath: string,
    params?: Readonly<Record<string, unknown>>,
    options?: RunTestOptions,
  ): Promise<TestOutcome>;
  runControl(path: string, params?: Readonly<Record<string, unknown>>): Promise<TestOutcome>;
  verify(): Promise<void>;
  repair(): Promise<void>;

  readonly power: Power;
  readonly console: HostConsole;
}

export interface Power {
  on(): Promise<void>;
  off(): Promise<void>;
  cycle(): Promise<void>;
  status(): Promise<'on' | 'off' | 'unknown'>;
}

export interface HostConsole {
  expect(pattern: RegExp, timeout?: Duration): Promise<string>;
  send(text: string): Promise<void>;
  log(): Promise<string>;
}
