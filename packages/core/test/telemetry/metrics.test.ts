import { createMetrics, shortSeconds } from '@autotest/core/telemetry';
import { parseMetrics } from '@autotest/core/testing';
import { expect, it } from 'vitest';

it('counters, gauges and histograms come out in the format of Prometheus', async () => {
  const metrics = createMetrics();
  const ends = metrics.counter<'outcome'>({ name: 'autotest_ends_total', help: 'Ends.', labels: ['outcome'] });
  ends.add(2, { outcome: 'passed' });
  ends.add(1, { outcome: 'a "bad"\\ one\n' });
  metrics.gauge({ name: 'autotest_depth', help: 'Depth.', read: (gauge) => gauge.set(7) });
  const seconds = metrics.histogram({ name: 'autotest_wait_seconds', help: 'Wait.', buckets: [0.1, 1] });
  seconds.observe(0.05);
  seconds.observe(3);
  const parsed = parseMetrics(await metrics.text());
  expect([...parsed].map(([name, { type, help }]) => [name, type, help])).toEqual([
    ['autotest_ends_total', 'counter', 'Ends.'],
    ['autotest_depth', 'gauge', 'Depth.'],
    ['autotest_wait_seconds', 'histogram', 'Wait.'],
  ]);
  expect(parsed.get('autotest_ends_total')?.samples).toEqual([
    { name: 'autotest_ends_total', labels: { outcome: 'passed' }, value: 2 },
    { name: 'autotest_ends_total', labels: { outcome: 'a "bad"\\ one\n' }, value: 1 },
  ]);
  expect(parsed.get('autotest_depth')?.samples[0]?.value).toBe(7);
  expect(parsed.get('autotest_wait_seconds')?.samples.map(({ labels, value }) => [labels.le, value])).toEqual([
    ['0.1', 1],
    ['1', 1],
    ['+Inf', 2],
    [undefined, 3.05],
    [undefined, 2],
  ]);
  expect(metrics.contentType).toContain('text/plain');
});

it('two registries in a process know nothing of each other', async () => {
  const [first, second] = [createMetrics(), createMetrics()];
  first.counter({ name: 'autotest_x_total', help: 'X.' }).add(1);
  second.counter({ name: 'autotest_x_total', help: 'X.' });
  expect(parseMetrics(await first.text()).get('autotest_x_total')?.samples[0]?.value).toBe(1);
  expect(parseMetrics(await second.text()).get('autotest_x_total')?.samples[0]?.value).toBe(0);
});

it('a program measures its process as well', async () => {
  const parsed = parseMetrics(await createMetrics({ process: true }).text());
  for (const name of ['process_cpu_seconds_total', 'process_resident_memory_bytes', 'nodejs_eventloop_lag_seconds'])
    expect(parsed.has(name), name).toBe(true);
  expect(parsed.get('nodejs_gc_duration_seconds')?.type).toBe('histogram');
});

it('bounds of buckets rise', () => {
  expect(shortSeconds).toEqual([...shortSeconds].sort((a, b) => a - b));
});
