import { describe, expect, test } from 'vitest';
import { chooseLog } from '../src/pages/job/log/choose-log.ts';

function file(path: string, size = 10) {
  return { path, size, modifiedAt: '2026-01-01T00:00:00Z', url: `/results/1/${path}` };
}

const logs = [
  file('debug/client.log'),
  file('disk/status.log'),
  file('disk/debug/output.log'),
  file('disk.cold/debug/output.log'),
  file('cpu/debug/output.log', 0),
  file('cpu/status.log'),
];

describe('the log that is shown first', () => {
  test.each([
    [undefined, 'debug/client.log'],
    ['disk', 'disk/debug/output.log'],
    ['disk.cold', 'disk.cold/debug/output.log'],
    ['cpu', 'cpu/status.log'],
    ['gone', 'debug/client.log'],
  ])('of the results in %s is %s', (near, path) => {
    expect(chooseLog(logs, near)?.path).toBe(path);
  });

  test('is none where there are none', () => {
    expect(chooseLog([], 'disk')).toBeUndefined();
  });
});
