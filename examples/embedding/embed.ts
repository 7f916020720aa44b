/**
 * Autotest inside another program, such as a step of another CI: no daemon, no server, a database in a temporary directory. Runs a control file on this
 * machine, prints each result as an annotation that GitHub Actions shows at the run, and ends with the verdict as exit code.
 *
 *     node examples/embedding/embed.ts examples/hello/control.ts
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { checkParams, priorityRank } from '@autotest/core';
import { bundleControl, bundleToJson } from '@autotest/core/bundle';
import { openDatabase, type Database } from '@autotest/core/db';
import { startDispatcher } from '@autotest/dispatcher';

const [control] = process.argv.slice(2);
if (control === undefined) {
  console.error('Usage: embed.ts CONTROL.ts');
  process.exit(64);
}

const dataDir = mkdtempSync(join(tmpdir(), 'embedded-autotest-'));
const database = await openDatabase(`sqlite:${join(dataDir, 'autotest.db')}`, { migrate: true });
const dispatcher = await startDispatcher({ database, dataDir });
try {
  const jobId = await submit(database, control);
  const outcome = await finished(database, jobId);
  for (const { path, outcome: result, reason } of await database.results.nodes({ jobId })) {
    const level = result === 'pass' || result === 'skip' ? 'notice' : 'error';
    console.log(
      `::${level} title=${path}::${result ?? 'never ended'}${reason === undefined ? '' : `: ${reason.replaceAll('\n', ' ')}`}`,
    );
  }
  console.log(`Job ${jobId}: ${outcome}; results in ${dataDir}/results`);
  process.exitCode = outcome === 'passed' ? 0 : 1;
} finally {
  await dispatcher.stop({ abortRunning: true });
  await database.close();
}

async function submit({ bundles, hosts, jobs }: Database, file: string): Promise<number> {
  const { username } = userInfo();
  const host = await hosts.add(
    { name: 'localhost', transport: 'local', address: 'localhost', port: 0, user: username },
    username,
  );
  const bundle = await bundleControl({ entryPath: file });
  const { hash, fileName, source, sizeBytes, metadata } = bundle;
  await bundles.put({ hash, fileName, source, sizeBytes, json: bundleToJson(bundle) });
  const { params, problems } = checkParams(metadata.params, {});
  if (problems.length > 0) throw new Error(problems.map(({ message }) => message).join('\n'));
  const hour = 3_600_000;
  const { job } = await jobs.submit({
    name: metadata.name,
    owner: username,
    priority: priorityRank.medium,
    bundleHash: hash,
    metadata,
    params,
    keyvals: {},
    syncCount: 1,
    runVerify: true,
    rebootBefore: 'never',
    rebootAfter: 'never',
    timeoutMs: hour,
    maxRuntimeMs: hour,
    hostIds: [host.id],
    anyHosts: 0,
  });
  return job.id;
}

/** Waits for the job's end, woken by the event log. */
async function finished({ events, jobs }: Database, jobId: number): Promise<string> {
  for (;;) {
    const appended = new Promise<void>((resolve) => {
      const dispose = events.onAppend(() => {
        dispose();
        resolve();
      });
    });
    const job = await jobs.byId(jobId);
    if (job?.state === 'finished') return job.outcome ?? 'error';
    await appended;
  }
}
