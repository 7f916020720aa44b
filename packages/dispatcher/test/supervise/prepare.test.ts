import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { specFileName, type ExecutionSpec } from '@autotest/core';
import { bundleControl, bundleToJson } from '@autotest/core/bundle';
import { makeTestDatabase } from '@autotest/core/testing';
import { expect, onTestFinished, test } from 'vitest';
import { compileOptions } from '../../src/options.ts';
import { prepareExecution } from '../../src/supervise/prepare.ts';
import { executionRow, hostRow, jobRow } from '../support/sketch.ts';

const source = `import { defineControl } from '@autotest/core';
export default defineControl({ name: 'j', author: 'A <a@example.org>', doc: 'd', type: 'client', async run() {} });
`;

test('C01 the spec of an execution names its hosts, results directory, control file, parameters, keyvals and limits', async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'dispatcher-prepare-'));
  const database = await makeTestDatabase();
  onTestFinished(async () => {
    await database.close();
    await rm(dataDir, { recursive: true, force: true });
  });
  const bundle = await bundleControl({ fileName: 'j.ts', source });
  const { hash, fileName, sizeBytes } = bundle;
  await database.bundles.put({ hash, fileName, source, json: bundleToJson(bundle), sizeBytes });
  const settings = compileOptions({ database, dataDir, startWatch: () => expect.unreachable() });
  const resultsDir = join(dataDir, 'results', '1-anna', 'group1');
  await prepareExecution(settings, {
    execution: executionRow(7, { tag: '1-anna/group1', resultsDir, deadlineAt: 5000, epoch: 3, attempt: 2 }),
    job: jobRow(1, { bundleHash: hash, params: { size: 5 }, keyvals: { build: 'b1' } }),
    hosts: [hostRow(2, { labels: ['rack:a'], protection: 'doNotRepair' }), hostRow(1)],
  });
  const spec = JSON.parse(readFileSync(join(resultsDir, specFileName), 'utf8')) as ExecutionSpec;
  expect(spec).toMatchObject({
    executionId: 7,
    tag: '1-anna/group1',
    purpose: 'job',
    attempt: 2,
    epoch: 3,
    resultsDir,
    job: { id: 1, owner: 'anna', params: { size: 5 }, keyvals: { build: 'b1' } },
    limits: { deadlineAt: 5000 },
  });
  expect(spec.hosts.map(({ name, labels, protection }) => [name, labels, protection])).toEqual([
    ['h2', ['rack:a'], 'doNotRepair'],
    ['h1', [], 'none'],
  ]);
  expect(readFileSync(join(resultsDir, 'control.ts'), 'utf8')).toBe(source);
  expect(existsSync(join(spec.job?.bundleDir ?? '', spec.job?.entry ?? ''))).toBe(true);
});
