import type { ExitClass } from '@autotest/core';
import { Change, type Database, type DurationRow, type EntryRow } from '@autotest/core/db';
import { expect, it } from 'vitest';
import { submitWithHosts, useDatabase, type StoreUnderTest } from './fixture.ts';

export function describeDurations(store: StoreUnderTest): void {
  const opened = useDatabase(store);

  it('learns from each run that ends with a verdict, by the name of its job', async () => {
    const { db } = opened;
    expect(await db.scheduling.durations(0)).toEqual([]);
    await run(db, 'build', 1000);
    await run(db, 'Build', 7000);
    expect(await durationOf(db, 'build')).toMatchObject({ runs: 1, meanMs: 1000, varianceMs2: 0 });
    await run(db, 'build', 3000, 'testFailures');
    expect(await durationOf(db, 'build')).toMatchObject({ runs: 2, meanMs: 2000, varianceMs2: 1_000_000 });
    for (const exitClass of ['aborted', 'infra', 'lost', 'timedOut'] as const)
      await run(db, 'build', 90_000, exitClass);
    expect(await durationOf(db, 'build')).toMatchObject({ runs: 2, meanMs: 2000 });
    expect(await durationOf(db, 'Build')).toMatchObject({ runs: 1, meanMs: 7000 });
  });

  it('forgets what was long ago: after many runs the last about twenty count', async () => {
    const { db } = opened;
    for (let n = 0; n < 12; n++) await run(db, 'boot', 60_000);
    for (let n = 0; n < 40; n++) await run(db, 'boot', 10_000);
    const { runs, meanMs, varianceMs2 } = (await durationOf(db, 'boot')) ?? { runs: 0, meanMs: 0, varianceMs2: 0 };
    expect(runs).toBe(52);
    expect(meanMs).toBeGreaterThan(10_000);
    expect(meanMs).toBeLessThan(11_000);
    expect(Math.sqrt(varianceMs2)).toBeLessThan(7000);
  });

  it('counts each run of one transaction, and a group on several hosts once', async () => {
    const { db } = opened;
    const executionId = await db.scheduling.reserveIds('executions', 2);
    const pair = await submitWithHosts(db, 2, { name: 'pair', syncCount: 2 });
    const single = await submitWithHosts(db, 1, { name: 'pair' });
    const changes = [
      ...runOf(pair.entries, 1000, 'clean', executionId),
      ...runOf(single.entries, 5000, 'clean', executionId + 1),
    ];
    expect((await db.scheduling.commit(changes)).committed).toEqual([true, true, true, true]);
    expect(await durationOf(db, 'pair')).toMatchObject({ runs: 2, meanMs: 3000 });
  });

  it('gives what is new since a moment', async () => {
    const { db } = opened;
    await run(db, 'first', 1000);
    const { changedAt = 0 } = (await durationOf(db, 'first')) ?? {};
    expect((await db.scheduling.durations(changedAt)).map(({ name }) => name)).toEqual(['first']);
    expect(await db.scheduling.durations(changedAt + 1_000_000)).toEqual([]);
  });
}

/** Runs a job of this name once, for so long. */
async function run(db: Database, name: string, ms: number, exitClass: ExitClass = 'clean'): Promise<void> {
  const { entries } = await submitWithHosts(db, 1, { name });
  const executionId = await db.scheduling.reserveIds('executions', 1);
  const { committed } = await db.scheduling.commit(runOf(entries, ms, exitClass, executionId));
  expect(committed).toEqual([true, true]);
}

/** The start of an execution for entries with named hosts, and its end. */
export function runOf(
  entries: readonly EntryRow[],
  ms: number,
  exitClass: ExitClass,
  executionId: number,
): [Change, Change] {
  const now = Date.now();
  const start = new Change(now, { next: () => executionId });
  const created = start.addExecution({
    purpose: 'job',
    jobId: entries[0]?.jobId ?? 0,
    attempt: 1,
    epoch: 1,
    tag: `${executionId}`,
    resultsDir: `/tmp/results/${executionId}`,
    socketPath: '/tmp/x.sock',
    dispatcherId: 'd1',
  });
  const running = start.moveExecution(start.moveExecution(created, 'start'), 'hello');
  const launched = entries.map((entry) => {
    const ready = start.moveEntry(start.moveEntry(entry, 'assign'), 'host_ready');
    return start.moveEntry(ready, 'launch', { executionId });
  });
  const end = new Change(now + ms, { next: () => 0 });
  end.moveExecution(end.moveExecution(running, 'end', { exitClass }), 'ingest');
  for (const entry of launched) end.moveEntry(entry, 'end');
  return [start, end];
}

async function durationOf(db: Database, name: string): Promise<DurationRow | undefined> {
  return (await db.scheduling.durations(0)).find((row) => row.name === name);
}
