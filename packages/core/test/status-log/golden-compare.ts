import { createHash } from 'node:crypto';
import type { ClassicJob, ClassicTest } from '../../src/status-log/classic-job.ts';
import type { JsonValue } from '../../src/json/json-value.ts';
import { stableStringify } from '../../src/json/stable-stringify.ts';

/** What the original parser made of a tree. */
export interface Golden {
  readonly version: 0 | 1;
  readonly job: Record<string, unknown> | null;
  readonly tests?: readonly GoldenTest[];
  readonly error?: string;
  readonly files_added_before_parsing?: Record<string, string>;
}

export interface GoldenTest {
  readonly testname: string;
  readonly [field: string]: unknown;
}

/** `row field ours`: one way in which our verdict is not the original's. */
export type Difference = readonly [row: string, field: string, ours: string];

const testFields = [
  'subdir',
  'status',
  'reason',
  'kernel',
  'machine',
  'started',
  'finished',
  'iterations',
  'attributes',
] as const;

/** Every difference between our job and the original's. Rows are told apart by name and count: `name`, `name#2`. */
export function differencesOf(job: ClassicJob, golden: Golden): Difference[] {
  const ours = rowsOf(job.tests);
  const theirs = rowsOf(golden.tests ?? []);
  const differences: Difference[] = golden.job ? jobDifferences(job, golden.job) : [];
  for (const row of theirs.keys()) if (!ours.has(row)) differences.push([row, 'row', 'absent']);
  for (const [row, test] of ours) {
    const other = theirs.get(row);
    if (!other) {
      differences.push([row, 'row', `${test.status}${parentOf(job.tests, test)}`]);
      continue;
    }
    for (const field of testFields) {
      if (canonical(test[field]) !== canonical(other[field])) {
        differences.push([row, field, short(test[field])]);
      }
    }
  }
  const common = [...ours.keys()].filter((row) => theirs.has(row));
  const expected = [...theirs.keys()].filter((row) => ours.has(row));
  if (common.join('\n') !== expected.join('\n')) differences.push(['*', 'order', short(common)]);
  return differences;
}

function jobDifferences(job: ClassicJob, golden: Record<string, unknown>): Difference[] {
  const ours: Record<string, unknown> = {
    aborted_by: job.abortedBy,
    aborted_on: job.abortedOn,
    finished: job.finished,
    keyval: job.keyval,
    label: job.label,
    machine: job.machine,
    machine_group: job.machineGroup,
    owner: job.owner,
    queued: job.queued,
    started: job.started,
    user: job.user,
  };
  return Object.keys({ ...ours, ...golden })
    .filter((field) => canonical(ours[field]) !== canonical(golden[field]))
    .map((field) => ['*', field, short(ours[field])]);
}

function rowsOf<T extends { readonly testname: string }>(tests: readonly T[]): Map<string, T> {
  const rows = new Map<string, T>();
  for (const test of tests) {
    let row = test.testname;
    for (let n = 2; rows.has(row); n++) row = `${test.testname}#${n}`;
    rows.set(row, test);
  }
  return rows;
}

function parentOf(tests: readonly ClassicTest[], test: ClassicTest): string {
  const parent = tests.find(({ id }) => id === test.parent);
  return parent ? ` in ${parent.testname}` : '';
}

function canonical(value: unknown): string {
  const json: JsonValue = JSON.parse(JSON.stringify(value ?? null));
  return stableStringify(json);
}

/** Long values are told by their beginning and a hash: the table holds no logs. */
function short(value: unknown): string {
  const text = typeof value === 'string' ? value : canonical(value);
  if (text === '') return '(empty)';
  if (text.length <= 48) return text;
  return `${text.slice(0, 12)}… ${createHash('sha1').update(text).digest('hex').slice(0, 8)}`;
}
