import { describe, expect, test } from 'vitest';
import { spansOf } from '../src/pages/job/timeline.ts';

function at(second: number): string {
  return new Date(second * 1000).toISOString();
}

function lengths(spans: ReturnType<typeof spansOf>): string[] {
  return spans.map((span) => `${span.label} ${(span.toMs - span.fromMs) / 1000}`);
}

describe('where the time of an entry went', () => {
  test('is waiting, verify, run and collecting, with nothing left over', () => {
    const spans = spansOf(
      { queuedAt: at(0), finishedAt: at(60) },
      { startedAt: at(12), endedAt: at(55) },
      [{ kind: 'verify', startedAt: at(5), finishedAt: at(10) }],
      0,
    );
    expect(lengths(spans)).toEqual(['wait 5', 'verify 5', 'wait 2', 'run 43', 'collect 5']);
  });

  test('goes up to now while it runs', () => {
    expect(
      lengths(spansOf({ queuedAt: at(0), finishedAt: null }, { startedAt: at(4), endedAt: null }, [], 10_000)),
    ).toEqual(['wait 4', 'run 6']);
  });

  test('does not count the tasks that a host had before or has had since', () => {
    const tasks = [2, 90].map((second) => ({
      kind: 'repair' as const,
      startedAt: at(second),
      finishedAt: at(second + 1),
    }));
    expect(lengths(spansOf({ queuedAt: at(10), finishedAt: at(20) }, undefined, tasks, 0))).toEqual(['wait 10']);
  });
});
