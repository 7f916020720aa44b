import { expect, it } from 'vitest';
import { formatMetrics, formatResultTree, type ShownNode } from '../src/output/result-tree.ts';

const node = (
  id: string,
  parentId: string | null,
  outcome: string | null,
  more: Partial<ShownNode> = {},
): ShownNode => ({
  id,
  parentId,
  name: id,
  outcome,
  metrics: [],
  ...more,
});

it('a result tree is drawn with outcomes, durations and the first line of reasons', () => {
  const text = formatResultTree([
    node('group', null, 'fail'),
    node('sleep', 'group', 'pass', { durationMs: 1200 }),
    node('io', 'group', 'fail', { reason: 'short read\nat x.ts:1' }),
    node('later', null, null),
  ]);
  expect(text.split('\n')).toEqual(['├─ ✗ group', '│  ├─ ✓ sleep 1.2 s', '│  └─ ✗ io: short read …', '└─ … later']);
});

it('names and reasons of strangers bring no control characters to the terminal', () => {
  const hostile = 'a\u001b]0;title\u0007b\u009b31m\rc';
  const text = formatResultTree([node('x', null, 'fail', { name: hostile, reason: hostile })]);
  expect(text).not.toMatch(/\p{Cc}/u);
  expect(text).toContain('title');
});

it('metrics are summed up over their iterations', () => {
  const metric = (iteration: number, value: number) => ({
    iteration,
    name: 'write',
    value,
    unit: 'MB/s',
    direction: 'higher',
  });
  const text = formatMetrics([
    node('disk', null, 'pass', { metrics: [metric(1, 10), metric(2, 20), metric(3, 12.3456)] }),
  ]);
  expect(text.split('\n')[1]).toMatch(/^disk\s+write ↑\s+14\.12\s+10\s+20\s+MB\/s\s+3$/);
});
