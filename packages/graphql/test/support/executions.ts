import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { ExecutionMove, JournalRecord, RecordBody } from '@autotest/core';
import type { Database, ExecutionRow } from '@autotest/core/db';
import { newJob } from '@autotest/core/testing';

/** A job on one host with an execution whose results lie in a directory, as a dispatcher leaves them. */
export async function makeExecution(
  database: Database,
  dataDir: string,
  files: Readonly<Record<string, string | Uint8Array>> = {},
): Promise<ExecutionRow> {
  const resultsDir = join(dataDir, 'results', '1-ada', 'h1');
  await mkdir(resultsDir, { recursive: true });
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(resultsDir, path)), { recursive: true });
    await writeFile(join(resultsDir, path), content);
  }
  await database.bundles.put({ hash: 'sha256:0', fileName: 'hello.ts', source: '', json: '{}', sizeBytes: 0 });
  const { job } = await database.jobs.submit(newJob({ bundleHash: 'sha256:0', anyHosts: 1 }));
  const execution = await database.scheduling.write((w) =>
    w.addExecution({
      purpose: 'job',
      jobId: job.id,
      attempt: 1,
      epoch: 1,
      tag: '1-ada/h1',
      resultsDir,
      socketPath: '/nowhere',
      dispatcherId: 'test',
    }),
  );
  if (execution === undefined) throw new Error('Adding the execution lost a race.');
  return execution;
}

/** Brings an execution to its end. */
export async function endExecution(database: Database, id: number): Promise<void> {
  for (const move of ['start', 'hello', 'end', 'ingest'] as ExecutionMove[]) {
    const execution = await database.jobs.executionById(id);
    if (execution === undefined) throw new Error(`There is no execution ${id}.`);
    await database.scheduling.write((w) => w.moveExecution(execution, move));
  }
}

/** Takes records into the rows of an execution. */
export async function ingest(
  database: Database,
  id: number,
  bodies: readonly (RecordBody & { scope: string[] })[],
): Promise<void> {
  const execution = await database.jobs.executionById(id);
  if (execution === undefined) throw new Error(`There is no execution ${id}.`);
  const records: JournalRecord[] = bodies.map((body, index) => ({
    v: 1,
    seq: execution.journalSeq + index + 1,
    t: 1000,
    epoch: 1,
    ...body,
  }));
  await database.scheduling.ingest(id, {
    fromOffset: execution.journalOffset,
    toOffset: execution.journalOffset + 1,
    records,
  });
}
