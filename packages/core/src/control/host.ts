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
  /** For the whole reboot, with all ways that are tried. @default '30 minutes' */
  readonly timeout?: Duration;
  /** Instead of the host's attribute `reboot-command`, and of every rougher way on the host. */
  readonly command?: string;
  /** The kernel (`uname -r`) that must run afterwards. */
  readonly kernel?: string | RegExp;
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

  /**
   * Reboots and waits for a new boot id. A host that does not go down is rebooted by rougher ways, one after another (`reboot -nf`, sysrq, power cycle); one that does not
   * come up is power-cycled. Anything that is mounted at boot and is not any more gives a warning.
   */
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

export interface PowerOptions {
  /** For the whole call, retries included. @default '2 minutes' */
  readonly timeout?: Duration;
}

/** Power of a host, through the device that its attribute `power` names. Resolves when the device took the order, not when the host is up. */
export interface Power {
  on(options?: PowerOptions): Promise<void>;
  off(options?: PowerOptions): Promise<void>;
  /** Off, and on again. */
  cycle(options?: PowerOptions): Promise<void>;
  /** Resets the machine without taking its power away; not every device can. */
  reset(options?: PowerOptions): Promise<void>;
  /** Sends a non-maskable interrupt, at which kernels write a crash dump; not every device can. */
  nmi(options?: PowerOptions): Promise<void>;
  status(options?: PowerOptions): Promise<'on' | 'off' | 'unknown'>;
}

/** Console of a host, at the place that its attribute `console` names. */
export interface HostConsole {
  /** Waits for text behind what the last `expect` matched, and gives what matched. @param timeout @default '1 minute' */
  expect(pattern: RegExp, timeout?: Duration): Promise<string>;
  /** Sends text as somebody would type it; a line ends with `\r`. */
  send(text: string): Promise<void>;
  /** The end of the console log of this execution, 256 KiB at most. */
  log(): Promise<string>;
}
