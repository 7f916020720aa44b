import type { ClientSessionSpec, RecordBody, RebootOptions } from '@autotest/core';
import type { ControlRuntime } from '@autotest/core/runtime';
import type { SessionFiles } from './session-files.ts';

/** What the parts of a running client share. */
export interface ClientSession {
  readonly files: SessionFiles;
  readonly spec: ClientSessionSpec;
  readonly runtime: ControlRuntime;
  /** Program file of the client, for processes of tests. */
  readonly program: string;
  readonly bundleDir: string;
  /** Fires when the job must end. */
  readonly signal: AbortSignal;
  /** Names of tests and commands that run now. */
  readonly running: Set<string>;
  /** Something was written or recorded: the job is not idle. */
  active(): void;
  append(body: RecordBody, scope: readonly string[]): void;
  /** From now on a SIGTERM is the machine going down. */
  goingDown(): void;
  /** Reboots the machine; ends this process, so it never resolves. */
  reboot(options: RebootOptions, scope: readonly string[], besides: string | undefined): Promise<never>;
}
