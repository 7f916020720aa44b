import type { Cause } from '../model/entry.ts';
import type { ExitClass } from '../model/execution.ts';

/**
 * The control socket between a dispatcher and autoserv: a Unix stream socket on which autoserv listens, one JSON object a line
 * both ways. Any number of dispatchers may connect, one after another; the socket carries no results, only news that there are
 * some: results are in the journal file. autoserv goes on when nobody is connected.
 */
export type FromAutoserv =
  /** First message on each connection. */
  | {
      readonly type: 'hello';
      readonly executionId: number;
      readonly epoch: number;
      readonly pid: number;
      readonly journalBytes: number;
    }
  /** The journal grew; at most one message each few ms. */
  | { readonly type: 'journal'; readonly journalBytes: number }
  | { readonly type: 'heartbeat'; readonly t: number }
  /** The last record is written; the process is about to go. */
  | { readonly type: 'ended'; readonly exitClass: ExitClass; readonly cause?: Cause; readonly journalBytes: number };

export type ToAutoserv =
  | { readonly type: 'abort'; readonly by: string; readonly reason: string; readonly timedOut?: boolean }
  | { readonly type: 'ping' };

/** Seconds between heartbeats of autoserv on its control socket. */
export const heartbeatIntervalMs = 5000;

/** What an autoserv that was started ahead (`--warm`) says on stdout, one word a line. */
export const warmWord = { ready: 'ready', taken: 'taken' } as const;
