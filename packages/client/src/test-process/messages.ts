import type { JsonValue, RecordBody, RebootOptions, ResultOutcome } from '@autotest/core';

/*
 * A test runs in a process of its own, a child of the client. Parent: `test-process/parent.ts`; child: `test-process/child.ts`. The child tells
 * what happens, the parent writes it to the journal. A child whose parent is gone ends what it started and exits.
 */

/** Where the code of a test is. */
export type TestSource =
  | { readonly kind: 'bundled'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string };

/** A finished `t.step` of an earlier boot. */
export interface KnownStep {
  /** Escaped path of the scope below the test. */
  readonly below: string;
  readonly position: number;
  readonly key: string;
  readonly at?: string | undefined;
  readonly value?: JsonValue | undefined;
  readonly error?: JsonValue | undefined;
}

export interface TestRunSpec {
  readonly source: TestSource;
  /** Directory of the bundle, for places in the user's files. */
  readonly bundleDir: string;
  readonly nodeName: string;
  readonly tag?: string | undefined;
  readonly params: Readonly<Record<string, JsonValue>>;
  readonly iterations: number;
  readonly testLengthMs?: number | undefined;
  readonly constraints: readonly string[];
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly onlyProfile: boolean;
  readonly cleanup: boolean;
  readonly boot: number;
  readonly steps: readonly KnownStep[];
  /** Results directory of the execution. */
  readonly resultsDir: string;
  /** Of the test, relative to `resultsDir`. */
  readonly subdir: string;
  readonly cacheDir: string;
  readonly tmpDir: string;
}

export type ToTest =
  | { readonly type: 'run'; readonly spec: TestRunSpec }
  | { readonly type: 'abort'; readonly reason: string; readonly timedOut: boolean }
  /** A record is written and synced. */
  | { readonly type: 'done'; readonly id: number }
  | { readonly type: 'failed'; readonly id: number; readonly message: string };

export type FromTest =
  | { readonly type: 'ready' }
  /** To be written with the scope of the test, or of a subtest below it. */
  | { readonly type: 'record'; readonly below: readonly string[]; readonly body: RecordBody }
  /** As `record`, answered by `done` when it survives a loss of power. */
  | { readonly type: 'step'; readonly id: number; readonly below: readonly string[]; readonly body: RecordBody }
  /** Never answered by `done`: the process is ended and started again after the reboot. */
  | { readonly type: 'reboot'; readonly id: number; readonly options: RebootOptions }
  | {
      readonly type: 'outcome';
      readonly outcome: ResultOutcome;
      readonly reason?: string | undefined;
      readonly endsJob: boolean;
    };

const recordKinds: ReadonlySet<string> = new Set([
  'node.start',
  'node.end',
  'node.result',
  'iteration',
  'metric',
  'keyval',
  'artifact',
  'info',
  'warnings',
  'problem',
]);

/** A test's process is not to be trusted: gives what it sent if it is one of our messages. */
export function checkFromTest(value: unknown): FromTest | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  // oxlint-disable-next-line no-unsafe-type-assertion -- what is used of it is checked below
  const message = value as FromTest;
  switch (message.type) {
    case 'ready':
      return message;
    case 'record':
      return isRecord(message) && recordKinds.has(message.body.kind) ? message : undefined;
    case 'step':
      return isRecord(message) && message.body.kind === 'step' && Number.isSafeInteger(message.id)
        ? message
        : undefined;
    case 'reboot':
      return Number.isSafeInteger(message.id) && typeof message.options === 'object' ? message : undefined;
    case 'outcome':
      return typeof message.outcome === 'string' ? message : undefined;
    default:
      return undefined;
  }
}

function isRecord({ below, body }: { below: unknown; body: unknown }): boolean {
  return (
    Array.isArray(below) &&
    below.length <= 30 &&
    below.every((segment) => typeof segment === 'string') &&
    typeof body === 'object' &&
    body !== null &&
    'kind' in body
  );
}
