import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@autotest/core';
import type { Database, EntryRow, HostRow, JobRow, NewJob, Snapshot } from '@autotest/core/db';
import { makeTestDatabase, ManualClock, newJob } from '@autotest/core/testing';
import { compileOptions, type Settings } from '../../src/options.ts';

/** A database in memory with the settings of a dispatcher on it. */
export interface World {
  readonly database: Database;
  readonly settings: Settings;
  snapshot(): Promise<Snapshot>;
  submit(job?: Partial<NewJob>): Promise<{ job: JobRow; entries: EntryRow[] }>;
  addHost(name: string, more?: Partial<HostRow>): Promise<HostRow>;
  close(): Promise<void>;
}

export async function makeWorld(dispatcherId = 'd1'): Promise<World> {
  const clock = new ManualClock();
  const database = await makeTestDatabase({ clock });
  const dataDir = mkdtempSync(join(tmpdir(), 'dispatcher-unit-'));
  const autoservPath = join(dataDir, 'autoserv.mjs');
  writeFileSync(autoservPath, '');
  await database.bundles.put({ hash: 'sha256:x', fileName: 'x.ts', source: '', json: '{}', sizeBytes: 2 });
  return {
    database,
    settings: compileOptions({ database, dataDir, dispatcherId, autoservPath, clock, log: silentLog }),
    snapshot: () => database.scheduling.snapshot(),
    submit: (job = {}) => database.jobs.submit(newJob({ owner: 'anna', bundleHash: 'sha256:x', ...job })),
    addHost: (name, more = {}) =>
      database.hosts.add({ name, transport: 'local', address: 'localhost', port: 0, user: 'u', ...more }, 'anna'),
    async close() {
      await database.close();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** The only item. */
export function only<T>(items: readonly T[]): T {
  const [item] = items;
  if (item === undefined || items.length > 1) throw new Error(`there are ${items.length} items, not one`);
  return item;
}
