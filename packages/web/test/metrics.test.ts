import { describe, expect, test } from 'vitest';
import { metricSeries, sparkPath } from '../src/model/metrics.ts';

function metric(iteration: number, value: number, name = 'write', unit = 'MB/s') {
  return { iteration, name, value, unit, direction: 'higher' as const };
}

describe('metrics', () => {
  test('become one series for each node, name and unit, in order of iterations', () => {
    const series = metricSeries([
      { id: '1', path: 'disk', metrics: [metric(2, 30), metric(1, 10), metric(3, 20), metric(1, 5, 'write', 'ms')] },
      { id: '2', path: 'other', metrics: [metric(0, 7)] },
    ]);
    expect(series.map((one) => [one.nodePath, one.unit, one.values])).toEqual([
      ['disk', 'MB/s', [10, 30, 20]],
      ['disk', 'ms', [5]],
      ['other', 'MB/s', [7]],
    ]);
    expect(series[0]).toMatchObject({ min: 10, mean: 20, max: 30 });
  });

  test('are drawn to scale within the picture', () => {
    const { path, lastX, lastY } = sparkPath([0, 10], 100, 20);
    expect(path).toBe('M3.0 17.0L97.0 3.0');
    expect([lastX, lastY]).toEqual([97, 3]);
  });

  test('that never change are a line through the middle', () => {
    expect(sparkPath([4, 4, 4], 90, 20).path).toBe('M3.0 10.0L45.0 10.0L87.0 10.0');
  });
});
