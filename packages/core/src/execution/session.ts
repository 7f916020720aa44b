import type { ControlType } from '../control/metadata.ts';
import type { JsonValue } from '../json/json-value.ts';

/**
 * A session: one client control file on one host, and the protocol by which autoserv starts, follows and ends it.
 *
 * On the host, below a base directory:
 *
 *   runtime/<sha256>/node          Node binary, where the host has none that fits
 *   client/<sha256>/client.mjs     the client, one file
 *   bundles/<sha256>/…             control file and its modules
 *   sessions/<name>/session.json   ClientSessionSpec
 *   sessions/<name>/{node,client.mjs,bundle/}   hard links to the above: what a session uses stays, whatever is cleaned up or deleted beside it
 *   sessions/<name>/client.pid     `{ pid, startTicks }` of the client that runs
 *   sessions/<name>/client.exit    `{ exitCode }` of the client that ended by itself
 *   sessions/<name>/results/       the results tree: journal.ndjson, debug/client.log, <test>/…
 *
 * Commands (each `node client.mjs <command> --session DIR`), one JSON line on stdout unless said otherwise:
 *
 *   start    starts the client detached (its own session and process group) and gives `{ pid, running, resumed }`; harmless when it runs already.
 *            When the session has ended: pid 0, running false, and the `exitCode`.
 *            A session with a journal continues: finished steps are not done again
 *   follow   streams the growth of every file in results/ to stdout as frames, see below; `--start` does what `start` does first
 *   stop     asks the client to end (SIGTERM: tests are aborted, clean-up runs), after `--grace SECONDS` kills everything the session started;
 *            `--reason TEXT` is recorded. A SIGTERM that comes without `stop` is taken for the machine going down: nothing more is recorded;
 *            gives `{ stopped, killed }`
 *   clean    stops it and deletes the session directory
 *
 * Frames of `follow`: one JSON line (FollowFrame); a `data` frame is followed by exactly `length` raw bytes. The first line on stdin
 * is a FollowRequest telling what the follower has already, so a stream that breaks is resumed by offset: nothing is lost or sent twice.
 * `follow` ends after an `end` frame, or when its stdin is closed.
 */
export interface ClientSessionSpec {
  readonly version: 1;
  /** Execution tag, or `local`. */
  readonly tag: string;
  readonly hostname: string;
  readonly epoch: number;
  readonly control: {
    readonly name: string;
    readonly type: ControlType;
    /** Path of the entry module. Paths of this spec are absolute, or relative to the session directory. */
    readonly entry: string;
    /** Text of the entry, which `start` writes to its place; absent where it is there. */
    readonly source?: string;
    /** From literal paths in the control file to paths of modules. */
    readonly modules: Readonly<Record<string, string>>;
    readonly onUnexpectedReboot?: 'continue' | 'retry' | 'stop';
  };
  readonly params: Readonly<Record<string, JsonValue>>;
  readonly job?: {
    readonly id: number;
    readonly name: string;
    readonly owner: string;
    readonly keyvals: Readonly<Record<string, JsonValue>>;
  };
  readonly trace?: {
    /** The execution's place in a trace (`TRACEPARENT`). */
    readonly parent: string;
    /** Where the session's nodes stand in the results of the execution; undefined where that is not known before they are there. */
    readonly scope?: readonly string[];
  };
  /** Directories with further tests, searched after the bundled library and the bundle. */
  readonly testDirs: readonly string[];
  readonly resultsDir: string;
  /** Kept between jobs: sources built by `setup`. */
  readonly cacheDir: string;
  /** ms since the epoch. */
  readonly deadlineAt?: number;
  /** No output and no record for so long ends the job. */
  readonly idleTimeoutMs?: number;
  /**
   * How `job.reboot()` reboots: a shell command; or `simulate`: the client ends with exit code 5 and whoever started it starts it again (a local host
   * is not rebooted under the feet of everything else on it).
   */
  readonly reboot: string;
  /** Largest results tree, bytes. */
  readonly maxResultsBytes: number;
}

/** Exit code of a client that expects to be started again after a reboot. */
export const continueExitCode = 5;

export interface FollowRequest {
  /** Bytes of each file that the follower has. */
  readonly have: Readonly<Record<string, number>>;
}

export type FollowFrame =
  /** With `--start`, before all others: the client runs, or has ended. */
  | { readonly type: 'started'; readonly pid: number; readonly running: boolean; readonly resumed: boolean }
  /** `length` raw bytes of a file from `offset` follow. `replace`: the file was written anew, what the follower has of it is void. */
  | {
      readonly type: 'data';
      readonly path: string;
      readonly offset: number;
      readonly length: number;
      readonly mode: number;
      readonly replace?: boolean;
    }
  /** A path that is not sent: not a regular file, or a name that cannot be carried. */
  | { readonly type: 'refused'; readonly path: string; readonly why: string }
  /** Every two seconds, and at once when it changes. */
  | { readonly type: 'beat'; readonly t: number; readonly clientAlive: boolean; readonly bootId: string }
  /** The client is gone and everything was sent. `exitCode` unknown when it was killed, or by whom it was started did not see it end. */
  | { readonly type: 'end'; readonly exitCode?: number };

/** Longest data a frame carries. */
export const maxFrameBytes = 256 * 1024;
