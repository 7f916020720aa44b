import { createMetrics, exposeHealth, Health, HealthChecks } from '@autotest/core/telemetry';
import { ManualClock, parseMetrics } from '@autotest/core/testing';
import { describe, expect, it } from 'vitest';

function make() {
  const clock = new ManualClock(0);
  const health = new Health(clock);
  return { clock, health, checks: new HealthChecks(health, clock) };
}

describe('what parts report', () => {
  it('has the time since when it is so, whatever else is said of it', () => {
    const { clock, health } = make();
    health.report('queue', { ok: true });
    clock.advance(1000);
    health.report('queue', { ok: false, message: 'no disk' });
    clock.advance(1000);
    health.report('queue', { ok: false, message: 'no disk at all' });
    expect(health.parts()).toEqual([{ part: 'queue', ok: false, since: 1000, message: 'no disk at all' }]);
  });

  it('is not ready while one is not well, and alive all the same', async () => {
    const { health, checks } = make();
    health.report('queue', { ok: false, message: 'no disk' });
    expect(await checks.ready()).toMatchObject({ status: 'failing', checks: [{ name: 'queue', message: 'no disk' }] });
    expect(checks.live()).toMatchObject({ status: 'ok' });
  });

  it('a loop is alive as long as it turns in time', () => {
    const { clock, health, checks } = make();
    health.beat('loop', 5000);
    clock.advance(5000);
    health.beat('loop', 5000);
    clock.advance(5000);
    expect(checks.live()).toEqual({
      status: 'ok',
      checks: [{ name: 'loop', ok: true, since: new Date(0).toISOString() }],
    });
    clock.advance(3000);
    expect(checks.live()).toEqual({
      status: 'failing',
      checks: [
        { name: 'loop', ok: false, since: new Date(10_000).toISOString(), message: 'It has not turned for 8 s.' },
      ],
    });
    health.beat('loop', 5000);
    expect(checks.live().checks).toMatchObject([{ ok: true, since: new Date(13_000).toISOString() }]);
  });
});

describe('damage', () => {
  it('such as a bad row stays visible until it is mended, and does not stop the work', async () => {
    const { clock, health, checks } = make();
    health.damage('queue', 'entry 17', 'metadata is no JSON');
    clock.advance(1000);
    health.damage('queue', 'entry 17', 'metadata is no JSON');
    expect(await checks.ready()).toEqual({
      status: 'degraded',
      checks: [],
      damage: [
        { part: 'queue', what: 'entry 17', message: 'metadata is no JSON', since: new Date(0).toISOString(), seen: 2 },
      ],
    });
    health.mended('queue', 'entry 17');
    expect(await checks.ready()).toEqual({ status: 'ok', checks: [] });
  });

  it('takes no more than so much memory, and says that there is more', async () => {
    const { health, checks } = make();
    for (let id = 0; id < 250; id++) health.damage('queue', `entry ${id}`, 'bad');
    const report = await checks.ready();
    expect(report.damage).toHaveLength(200);
    expect(report.moreDamage).toBe(50);
  });

  it('is a metric, as is how parts are', async () => {
    const { health } = make();
    const metrics = createMetrics();
    exposeHealth(metrics, health);
    health.report('queue', { ok: false });
    health.beat('loop', 1000);
    health.damage('queue', 'entry 17', 'bad');
    const parsed = parseMetrics(await metrics.text());
    expect(parsed.get('autotest_damage')?.samples[0]?.value).toBe(1);
    expect(parsed.get('autotest_part_healthy')?.samples.map(({ labels, value }) => [labels.part, value])).toEqual([
      ['queue', 0],
      ['loop', 1],
    ]);
  });
});
