import type { JsonValue } from '../json/json-value.ts';
import type { ControlType } from '../control/metadata.ts';
import type { Purpose } from '../model/execution.ts';
import type { Protection, Transport } from '../model/host.ts';

/** Everything autoserv must know of an execution; written by the dispatcher to `execution.json` in the results directory. No secrets. */
export interface ExecutionSpec {
  readonly version: 1;
  readonly executionId: number;
  /** `<job id>-<owner>/<subdir>`, or `hosts/<host>/<task id>-<kind>` for special tasks. */
  readonly tag: string;
  readonly purpose: Purpose;
  /** 1 for the first execution of the entry. */
  readonly attempt: number;
  /** Epoch of the lease: the fencing token that each journal record carries. */
  readonly epoch: number;
  /** Absolute. */
  readonly resultsDir: string;
  /** Absolute path of the Unix socket on which autoserv listens; short, because the kernel allows 107 bytes. */
  readonly socketPath: string;
  /** Cleanup: reboot the host as well. @default false */
  readonly reboot?: boolean;
  /** Provision: what the hosts get. */
  readonly image?: string;
  readonly job?: SpecJob;
  readonly hosts: readonly HostSpec[];
  readonly limits: ExecutionLimits;
}

export interface SpecJob {
  readonly id: number;
  readonly name: string;
  readonly owner: string;
  readonly controlType: ControlType;
  /** Directory that holds the written bundle. */
  readonly bundleDir: string;
  readonly bundleHash: string;
  /** Entry module, relative to bundleDir. */
  readonly entry: string;
  /** From literal paths in the control file to files of the bundle. */
  readonly modules: Readonly<Record<string, string>>;
  readonly params: Readonly<Record<string, JsonValue>>;
  readonly keyvals: Readonly<Record<string, JsonValue>>;
  /** The execution's place in a trace (`TRACEPARENT`): what runs in it hangs from there. */
  readonly traceParent?: string;
}

/** A host as autoserv reaches it. */
export interface HostSpec {
  readonly name: string;
  readonly transport: Transport;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  /** Private key file; default: the user's agent, then the usual files of ~/.ssh. */
  readonly keyFile?: string;
  /** Pinned host keys in OpenSSH format; empty: the first one seen is reported (`hostKey` record) and trusted. */
  readonly hostKeys: readonly string[];
  readonly labels: readonly string[];
  readonly attributes: Readonly<Record<string, string>>;
  readonly protection: Protection;
}

export interface ExecutionLimits {
  /** When the execution must have ended, ms since the epoch. */
  readonly deadlineAt?: number;
  /** No output for so long ends it. */
  readonly idleTimeoutMs?: number;
  /** How long a host may be out of reach before it is lost. */
  readonly reconnectMs: number;
  /** Largest results tree, bytes. */
  readonly maxResultsBytes: number;
  /** How long no dispatcher may be in touch until autoserv ends the execution as lost, because its hosts may soon be given away. Absent: forever. */
  readonly orphanMs?: number;
}

export const specFileName = 'execution.json';
export const journalFileName = 'journal.ndjson';
export const statusLogFileName = 'status.log';
/**
 * Taken by autoserv in the results directory before anything else, and let go of at its end: one process carries an execution out.
 * A lock whose process is gone is void.
 */
export const lockFileName = '.autoserv.lock';

/** Content of the lock, as JSON. */
export interface LockHolder {
  readonly pid: number;
  /** Start time of the process in clock ticks (/proc/PID/stat field 22). */
  readonly startTicks?: string;
  /** Name of the machine that it runs on: a pid says nothing elsewhere. */
  readonly machine?: string;
}

/** Written to the results directory before autoserv gets SIGTERM where it cannot be told otherwise: who wants the execution to end, and why. */
export const abortFileName = '.abort.json';

/**
 * In the results directory of an execution that is carried out elsewhere: written anew, with other content, by the dispatcher that is in touch but has no way to the control socket.
 * Where it is there when autoserv starts, autoserv begins once it has changed: an execution that waited in a queue for long may be nobody's by then.
 */
export const contactFileName = '.dispatcher';
