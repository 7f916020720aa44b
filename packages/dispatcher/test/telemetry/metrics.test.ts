import { createMetrics } from '@autotest/core/telemetry';
import { parseMetrics } from '@autotest/core/testing';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { createDispatcherMetrics, type DispatcherMetrics } from '../../src/telemetry/metrics.ts';
import { countNotifications } from '../../src/telemetry/notifications.ts';

function make() {
  const metrics = createMetrics();
  const read = async () => parseMetrics(await metrics.text());
  const values = async (name: string) =>
    Object.fromEntries(
      ((await read()).get(name)?.samples ?? []).map(({ labels, value }) => [Object.values(labels).join(' '), value]),
    );
  return { counted: createDispatcherMetrics(metrics), notified: countNotifications(metrics), read, values };
}

/** Something of everything that is counted. */
function countAll(counted: DispatcherMetrics): void {
  counted.queue({ queued: 3, running: 1 });
  counted.hosts({ ready: 2, repairFailed: 1 });
  counted.running(1);
  counted.role('planner', true);
  counted.planned(12);
  counted.decided('assign', 'applied', 2);
  counted.committed(7, 30);
  counted.lostRace();
  counted.fenced();
  counted.databaseError('plan');
  counted.assigned(2, 90_000);
  counted.started(20_000);
  counted.executionEnded('job', 'testFailures');
  counted.entryEnded('error', 'AT_HOST_UNFIT');
  counted.taskEnded('verify', 'passed', 4000);
  counted.event(5);
  counted.ingested(40, 1);
}

test('each number has a name by the conventions and a help, and stands in the guide', async () => {
  const { counted, notified, read } = make();
  countAll(counted);
  notified('mail', 'failed');
  const guide = readFileSync(new URL('../../../../docs/guides/operating.md', import.meta.url), 'utf8');
  const metrics = [...(await read())];
  expect(metrics.length).toBeGreaterThanOrEqual(20);
  for (const [name, { type, help, samples }] of metrics) {
    expect(name).toMatch(/^autotest_[a-z_]+$/);
    expect(name.endsWith('_total'), name).toBe(type === 'counter');
    expect(help).toMatch(/^[A-Z1].*\.$/);
    expect(
      samples.some(({ value }) => value > 0),
      name,
    ).toBe(true);
    expect(guide).toContain(`\`${name}\``);
  }
});

test('times are counted in seconds, once for each entry', async () => {
  const { counted, values } = make();
  counted.assigned(2, 90_000);
  expect(await values('autotest_assignments_total')).toEqual({ '': 2 });
  expect(await values('autotest_entry_wait_seconds')).toMatchObject({ 60: 0, 300: 2, '+Inf': 2 });
});

test('a state that nothing is in any more is 0', async () => {
  const { counted, values } = make();
  counted.queue({ queued: 3, running: 1 });
  counted.queue({ queued: 2 });
  expect(await values('autotest_entries')).toEqual({ queued: 2, running: 0 });
});

test('labels are few, whatever autoserv reports, and clocks that differ do no harm', async () => {
  const { counted, values } = make();
  counted.entryEnded('passed');
  counted.entryEnded('error', 'AT_HOST_LOST');
  counted.entryEnded('error', 'something "else"');
  counted.event(-500);
  expect(await values('autotest_entries_ended_total')).toEqual({
    'passed none': 1,
    'error AT_HOST_LOST': 1,
    'error other': 1,
  });
  expect(await values('autotest_event_lag_seconds')).toMatchObject({ '0.001': 1 });
});
