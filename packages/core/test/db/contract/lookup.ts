import type { JournalRecord } from '@autotest/core';
import { expect, it } from 'vitest';
import { only, startEntry, submitWithHosts, useDatabase, type StoreUnderTest } from './fixture.ts';

export function describeLookup(store: StoreUnderTest): void {
  const opened = useDatabase(store);

  it('finds many rows by their ids, and leaves out what does not exist', async () => {
    const { db } = opened;
    const { job, entries, hosts } = await submitWithHosts(db, 2);
    const [entry] = entries;
    const [host, other] = hosts;
    if (!entry || !host || !other) throw new Error('no entries');
    const { executionId, epoch } = await startEntry(db, entry, host.id);
    const task = await db.scheduling.write((w) =>
      w.addTask({ hostId: other.id, kind: 'verify', requestedBy: 'anna', dispatcherId: 'd1' }),
    );
    const envelope = { v: 1, t: 1, epoch, scope: ['a'] } as const;
    const records: JournalRecord[] = [
      { ...envelope, seq: 1, kind: 'node.result', node: 'test', name: 'a', outcome: 'pass' },
      { ...envelope, seq: 2, kind: 'metric', metric: { name: 'm', value: 1, unit: '', direction: 'none' } },
    ];
    await db.scheduling.ingest(executionId, { fromOffset: 0, toOffset: 1, records });
    const node = only(await db.results.nodes({ executionId }));
    const { lookup } = db;
    expect([...(await lookup.jobs([job.id, 4711])).keys()]).toEqual([job.id]);
    expect((await lookup.hosts([host.id, other.id])).get(other.id)).toEqual(other);
    expect([...(await lookup.hostsNamed([host.name, 'nobody'])).values()].map((row) => row.id)).toEqual([host.id]);
    expect((await lookup.entries([entry.id])).get(entry.id)).toMatchObject({ state: 'running', executionId });
    expect((await lookup.executions([executionId])).get(executionId)?.jobId).toBe(job.id);
    expect((await lookup.tasks([task?.id ?? 0])).get(task?.id ?? 0)).toEqual(task);
    expect((await lookup.nodes([node.id])).get(node.id)).toEqual(node);
    expect(await lookup.holders([host.id, other.id])).toEqual(new Map([[host.id, { kind: 'entry', id: entry.id }]]));
    const forEntry = await db.scheduling.write((w) =>
      w.addTask({ hostId: host.id, entry, kind: 'verify', requestedBy: 'dispatcher', dispatcherId: 'd1' }),
    );
    expect(await lookup.openTasksOf([entry.id, 4711])).toEqual([forEntry]);
    expect(await lookup.nodesOfJobs([job.id], 10)).toEqual([node]);
    expect((await lookup.metrics([node.id])).get(node.id)).toMatchObject([{ name: 'm', value: 1 }]);
    expect(await lookup.resultCounts([job.id])).toEqual([{ jobId: job.id, outcome: 'pass', count: 1 }]);
    expect((await lookup.jobs([])).size).toBe(0);
  });
}
