import { expect, test } from 'vitest';
import { coalesce } from '../src/coalesce.ts';

test('what comes in one turn is done at once, what comes later is done later', async () => {
  const runs: (readonly number[])[] = [];
  const call = coalesce<number>(async (items) => {
    runs.push(items);
  });
  await Promise.all([call(1), call(2), call(3)]);
  await call(4);
  expect(runs).toEqual([[1, 2, 3], [4]]);
});

test('a failure is told to everybody of that turn, and to nobody of the next', async () => {
  const call = coalesce<number>(async (items) => {
    if (items.includes(2)) throw new Error('no two');
  });
  const results = await Promise.allSettled([call(1), call(2)]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await call(3);
});
