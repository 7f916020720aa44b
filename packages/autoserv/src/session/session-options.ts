import type { ClientSessionSpec } from '@autotest/core';
import type { Recorder } from '../execution/recorder.ts';
import type { Stopper } from '../execution/stop.ts';
import type { HostConnection } from '../hosts/connection.ts';
import type { Wake } from './boot-wait.ts';
import type { ClientControl } from './run-client-session.ts';

/** What a session is of, and who hears of it. */
export interface SessionOptions {
  readonly connection: HostConnection;
  readonly recorder: Recorder;
  readonly stopper: Stopper;
  readonly resultsDir: string;
  /** Name of the session directory on the host. */
  readonly name: string;
  /** Name of the session in files and records: the host's, with a number behind it from the second session on. */
  readonly label: string;
  /** Scope of the client's nodes. */
  readonly scope: readonly string[];
  /** Subdirectory for the host's files, `''` for none. */
  readonly below: string;
  readonly rename?: (name: string) => string;
  readonly clientFile: string;
  readonly bundle: ClientControl['bundle'];
  readonly control: Pick<ClientSessionSpec['control'], 'name' | 'onUnexpectedReboot'>;
  readonly about: Pick<
    ClientSessionSpec,
    'tag' | 'epoch' | 'params' | 'job' | 'trace' | 'deadlineAt' | 'idleTimeoutMs' | 'maxResultsBytes' | 'testDirs'
  >;
  /** How long a host may take for a reboot that was asked for. */
  readonly rebootMs: number;
  readonly wake?: Wake | undefined;
  /** A file of the results grew. */
  readonly onGrowth: () => void;
}
