import { describe, expect, it } from 'vitest';
import { afterTask, type EndedTask, reverifyDelay } from '../../src/run/after-task.ts';
import { hostRow, jobRow } from '../support/sketch.ts';

const job = jobRow(1);
const repaired = { kind: 'repair', outcome: 'passed', entryId: 7 } as const;
const failedVerify = { kind: 'verify', outcome: 'failed', entryId: 7 } as const;
const lostVerify = { kind: 'verify', outcome: 'lost', entryId: 7 } as const;

const limits = { maxRepairs: 3, coolDownMs: 1000 };

function next(task: Partial<EndedTask>): string {
  const ended: EndedTask = {
    kind: 'verify',
    outcome: 'passed',
    host: hostRow(1),
    job,
    earlier: [],
    entryId: 7,
    ...task,
  };
  const step = afterTask(ended, limits, 10_000);
  return step.step === 'task' ? step.kind : step.step;
}

describe('for an entry', () => {
  const cases: [title: string, task: Partial<EndedTask>, expected: string][] = [
    ['a passed verify makes the host ready', {}, 'ready'],
    ['a passed cleanup leads to the verify', { kind: 'cleanup' }, 'verify'],
    [
      'a passed cleanup makes ready where no verify is wanted',
      { kind: 'cleanup', job: { ...job, runVerify: false } },
      'ready',
    ],
    [
      'a passed cleanup makes ready a host that must not be verified',
      { kind: 'cleanup', host: hostRow(1, { protection: 'doNotVerify' }) },
      'ready',
    ],
    ['a failed verify leads to repair', { outcome: 'failed' }, 'repair'],
    ['a failed cleanup leads to repair', { kind: 'cleanup', outcome: 'failed' }, 'repair'],
    ['a passed repair leads to everything again', { kind: 'repair' }, 'verify'],
    ['also to the cleanup before the job', { kind: 'repair', job: { ...job, rebootBefore: 'always' } }, 'cleanup'],
    ['a second failure sets the host aside', { outcome: 'failed', earlier: [repaired, failedVerify] }, 'set_aside'],
    ['a failed repair sets it aside', { kind: 'repair', outcome: 'failed', earlier: [failedVerify] }, 'set_aside'],
    [
      'a host that must not be repaired is set aside at once',
      { outcome: 'failed', host: hostRow(1, { protection: 'doNotRepair' }) },
      'set_aside',
    ],
    [
      'a repair for another entry does not count',
      { outcome: 'failed', earlier: [{ ...repaired, entryId: 6 }] },
      'repair',
    ],
    ['a lost verify is done again', { outcome: 'lost' }, 'verify'],
    ['but not for ever', { outcome: 'lost', earlier: [lostVerify, lostVerify] }, 'repair'],
    ['a verify that somebody stopped is done again', { outcome: 'aborted' }, 'verify'],
  ];
  it.each(cases)('%s', (_, task, expected) => expect(next(task)).toBe(expected));
});

describe('for no entry', () => {
  const alone = { job: undefined, entryId: undefined };
  const cases: [title: string, task: Partial<EndedTask>, expected: string][] = [
    ['a passed verify frees the host', {}, 'release'],
    ['a passed cleanup frees the host', { kind: 'cleanup' }, 'release'],
    ['a failed cleanup leads to repair', { kind: 'cleanup', outcome: 'failed' }, 'repair'],
    ['a passed repair leads to a verify', { kind: 'repair' }, 'verify'],
    ['an aborted task frees the host', { outcome: 'aborted' }, 'release'],
    [
      'a failed verify after a repair sets the host aside',
      {
        outcome: 'failed',
        earlier: [
          { ...repaired, entryId: undefined },
          { ...failedVerify, entryId: undefined },
        ],
      },
      'set_aside',
    ],
    [
      'a host set aside is repaired again when it fails its next verify',
      {
        outcome: 'failed',
        earlier: [
          { ...failedVerify, entryId: undefined },
          { ...repaired, entryId: undefined },
        ],
      },
      'repair',
    ],
    [
      'but not one that was repaired in vain too often a moment ago',
      { outcome: 'failed', host: hostRow(1, { repairFailures: 3, repairedAt: 9500 }) },
      'set_aside',
    ],
    [
      'and again after a while',
      { outcome: 'failed', host: hostRow(1, { repairFailures: 3, repairedAt: 9000 }) },
      'repair',
    ],
    [
      'a repair before the host was last fit does not count',
      {
        outcome: 'failed',
        earlier: [
          { kind: 'verify', outcome: 'passed', entryId: undefined },
          { ...repaired, entryId: undefined },
        ],
      },
      'repair',
    ],
  ];
  it.each(cases)('%s', (_, task, expected) => expect(next({ ...alone, ...task })).toBe(expected));
});

describe('the delay until a host is verified again', () => {
  it.each([
    [0, 100],
    [1, 200],
    [3, 800],
    [10, 1000],
    [500, 1000],
  ])('after %i failures it is %i ms', (failures, delayMs) => {
    const earlier = [
      ...Array.from({ length: failures }, () => failedVerify),
      { kind: 'verify', outcome: 'passed', entryId: 1 } as const,
      failedVerify,
    ];
    expect(reverifyDelay(earlier, 100, 1000)).toBe(delayMs);
  });
});
