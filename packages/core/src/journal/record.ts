import type { JsonValue } from '../json/json-value.ts';
import type { Metric, ResultOutcome } from '../results/outcome.ts';
import type { ExitClass } from '../model/execution.ts';

/**
 * The journal is the record of an execution: append-only, one JSON object a line, `seq` rising by one without gaps. Everything
 * else (status log, rows, results.json) is a view of it. Two kinds of process write journals with these records: a client on
 * its host, and autoserv. autoserv takes a client's records over into its own journal with a `seq` of its own and `from`
 * naming the host and the client's `seq`, so that a stream which breaks and resumes is neither lost nor doubled.
 *
 * `scope` is the path of the result node the record belongs to, one verbatim name a segment, `[]` for the execution itself.
 * Writers make the last segment unique among its siblings (`sleep`, `sleep#2`) before they write.
 */
export type JournalRecord = RecordEnvelope & RecordBody;

export interface RecordEnvelope {
  readonly v: 1;
  readonly seq: number;
  /** ms since the epoch, by the writer's clock. */
  readonly t: number;
  /** Epoch of the lease under which the execution runs; 0 where there is none. */
  readonly epoch: number;
  readonly scope: readonly string[];
  /** Where autoserv took the record over from. `session` where it is not the host's first: `<host>.2`. */
  readonly from?: { readonly host: string; readonly seq: number; readonly session?: string };
}

/** What kind of thing a result node is. */
export const nodeKinds = ['job', 'host', 'group', 'branch', 'test', 'command', 'subtest'] as const;
export type NodeKind = (typeof nodeKinds)[number];

/** What an execution is busy with, for people who watch. */
export const phases = [
  'connecting',
  'verifying',
  'provisioning',
  'repairing',
  'installing',
  'running',
  'rebooting',
  'reconnecting',
  'collecting',
  'done',
] as const;
export type Phase = (typeof phases)[number];

export type RecordBody =
  /** First record: what runs. */
  | {
      readonly kind: 'job.start';
      readonly name: string;
      readonly hosts: readonly string[];
      readonly controlType: 'client' | 'server' | 'none';
    }
  /** Control file ended. */
  | { readonly kind: 'job.end'; readonly outcome: ResultOutcome; readonly reason?: string }
  /** A node of the result tree begins; `scope` is its own path. */
  | {
      readonly kind: 'node.start';
      readonly node: NodeKind;
      readonly name: string;
      /** Directory below the results directory, where it has one. */
      readonly subdir?: string;
      readonly host?: string;
      readonly timeoutMs?: number;
      /** 1 for the first try of this node; rises with retries. */
      readonly attempt?: number;
      readonly params?: Readonly<Record<string, JsonValue>>;
    }
  /** `original` is set where a rule changed the outcome. */
  | {
      readonly kind: 'node.end';
      readonly outcome: ResultOutcome;
      readonly original?: ResultOutcome;
      readonly reason?: string;
      readonly durationMs?: number;
    }
  /** A node that begins and ends at once: a subtest read from a result format, or `job.record`. `scope` is its own path. */
  | {
      readonly kind: 'node.result';
      readonly node: NodeKind;
      readonly name: string;
      readonly outcome: ResultOutcome;
      readonly original?: ResultOutcome;
      readonly reason?: string;
      readonly durationMs?: number;
      readonly subdir?: string;
      readonly fields?: Readonly<Record<string, string>>;
    }
  /** One iteration of the test `scope`; `index` from 1. */
  | {
      readonly kind: 'iteration';
      readonly index: number;
      readonly metrics: readonly Metric[];
      readonly attributes: Readonly<Record<string, JsonValue>>;
      readonly durationMs: number;
    }
  /** A metric outside iterations. */
  | { readonly kind: 'metric'; readonly metric: Metric }
  | { readonly kind: 'keyval'; readonly values: Readonly<Record<string, JsonValue>> }
  /** A durable step ended; `key` names it within the scope, `value` is what a replay gives back. */
  | {
      readonly kind: 'step';
      readonly key: string;
      readonly at?: string;
      readonly value?: JsonValue;
      readonly error?: JsonValue;
    }
  /** A durable step began that cannot be run twice (a test, a reboot), or that holds others (a group). `attempt` rises where an interrupted one is run again. */
  | {
      readonly kind: 'step.start';
      readonly key: string;
      readonly at?: string;
      readonly bootId?: string;
      readonly attempt?: number;
    }
  /** The control file (re)starts from the top. */
  | { readonly kind: 'boot'; readonly bootId: string; readonly pid: number; readonly resumed: boolean }
  | { readonly kind: 'phase'; readonly phase: Phase; readonly host?: string; readonly message?: string }
  | {
      readonly kind: 'transport';
      readonly event: 'connected' | 'lost' | 'resumed' | 'closed';
      readonly host: string;
      readonly message?: string;
    }
  | {
      readonly kind: 'reboot';
      /** `unexpected`: the host has another boot id, and nobody asked for it. */
      readonly event: 'start' | 'verify' | 'end' | 'unexpected';
      readonly host: string;
      readonly bootId?: string;
      readonly message?: string;
    }
  /** A host key seen for the first time: to be pinned. OpenSSH format, `ssh-ed25519 AAAA…`. `replaces`: whoever installed the host vouches for it; the pinned ones are void. */
  | { readonly kind: 'hostKey'; readonly host: string; readonly key: string; readonly replaces?: boolean }
  /** A further key that the host proved to have, over a connection that a pinned one began: to be pinned as well. */
  | { readonly kind: 'hostKeyProven'; readonly host: string; readonly key: string }
  /** Something went wrong outside of tests; the code is of the error table. */
  | { readonly kind: 'fault'; readonly code: string; readonly message: string; readonly host?: string }
  /** Input that was read but not understood (a bad line of TAP, a refused file name). */
  | { readonly kind: 'problem'; readonly source: string; readonly message: string }
  | { readonly kind: 'artifact'; readonly path: string; readonly title?: string }
  /** Free line for the status log and the watching person. */
  | { readonly kind: 'info'; readonly message: string; readonly fields?: Readonly<Record<string, string>> }
  /** From now on reports of a type on a console do not count, do again, or one more pattern is looked for. `host`: on that one alone. */
  | {
      readonly kind: 'warnings';
      readonly event: 'disabled' | 'enabled' | 'watched';
      readonly type: string;
      readonly host?: string;
      readonly name?: string;
      readonly pattern?: string;
      readonly severity?: 'warn' | 'fail';
    }
  | { readonly kind: 'abort.request'; readonly by: string; readonly reason: string }
  /** Last record of an execution. Nothing follows. */
  | {
      readonly kind: 'end';
      readonly exitClass: ExitClass;
      readonly cause?: { readonly code: string; readonly message: string };
    };

export type RecordKind = RecordBody['kind'];
export type RecordOf<K extends RecordKind> = RecordEnvelope & Extract<RecordBody, { kind: K }>;

/** Longest journal line a reader takes; a longer one is a `problem` and is passed over. */
export const maxJournalLineBytes = 1024 * 1024;
