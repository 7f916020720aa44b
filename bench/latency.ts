/**
 * How long it takes from a submission until its first test runs, on this machine as host, as a subscriber sees it. Cold: the first job after
 * `autotest up` in an empty directory. Warm: further jobs, one after another. `hello` runs a sleep, a TAP command and two short benchmarks; `no-op` one
 * test that sleeps 0 s.
 *
 * Needs the built packages (`npm run build`).
 */
import { fileURLToPath } from 'node:url';
import { bundleControl, bundleToJson } from '@autotest/core/bundle';
import { submitJob, watchJob, type Connection } from '@autotest/graphql/client';
import { startProduct } from './lib/product.ts';
import { report, table } from './lib/report.ts';
import { quantile } from './lib/statistics.ts';

const quick = process.argv.includes('--quick');
const coldRuns = quick ? 2 : 5;
const warmRuns = quick ? 8 : 30;
const bench = 'latency';

interface Sample {
  readonly [step: string]: number;
}

const hello = await bundleOf(fileURLToPath(new URL('../examples/hello/control.ts', import.meta.url)));
const oneTest = await bundleOf('one-test.ts', '');
const unverified = await bundleOf('one-test.ts', 'verify: false,');

const cold: Sample[] = [];
const warm: Sample[] = [];
const warmOneTest: Sample[] = [];
const warmUnverified: Sample[] = [];
const starts: number[] = [];
for (let run = 0; run < coldRuns; run++) {
  const product = await startProduct();
  try {
    starts.push(product.startMs);
    cold.push(await measure(product.api, hello));
    if (run < coldRuns - 1) continue;
    for (let n = 0; n < warmRuns; n++) {
      warm.push(await measure(product.api, hello));
      warmOneTest.push(await measure(product.api, oneTest));
      warmUnverified.push(await measure(product.api, unverified));
    }
  } finally {
    await product.stop();
  }
}

report({ bench, case: 'autotest up until it answers', value: quantile(starts, 0.5), unit: 'ms' });
for (const [name, samples] of [
  ['hello, cold', cold],
  ['hello, warm', warm],
  ['no-op, warm', warmOneTest],
  ['no-op, warm, verify: false', warmUnverified],
] as const) {
  for (const step of ['submit answered', 'host assigned', 'host ready', 'autoserv running', 'first test']) {
    const values = samples.map((sample) => sample[step]).filter((value) => value !== undefined);
    if (values.length === 0) continue;
    report({ bench, case: `${name}: ${step}, p50`, value: quantile(values, 0.5), unit: 'ms' });
    if (step === 'first test' && samples !== cold)
      report({ bench, case: `${name}: ${step}, p90`, value: quantile(values, 0.9), unit: 'ms' });
  }
  report({
    bench,
    case: `${name}: whole job, p50`,
    value: quantile(
      samples.map((sample) => sample['finished'] ?? Number.NaN),
      0.5,
    ),
    unit: 'ms',
  });
}
table();

async function bundleOf(file: string, head?: string): Promise<string> {
  if (head === undefined) return bundleToJson(await bundleControl({ entryPath: file }));
  const source = `import { defineControl } from '@autotest/core';
export default defineControl({ name: 'no-op', author: 'bench', doc: 'One test.', type: 'client', ${head} async run(job) { await job.runTest('sleep', { seconds: 0 }); } });`;
  return bundleToJson(await bundleControl({ fileName: file, source }));
}

/** ms from the moment the submission was sent until each step was seen. */
async function measure(api: Connection, bundle: string): Promise<Sample> {
  const params = bundle === hello ? { seconds: 0, iterations: 1 } : {};
  const startedAt = performance.now();
  const { job } = await submitJob(api, { bundle, params });
  const sample: Record<string, number> = { 'submit answered': performance.now() - startedAt };
  const see = (step: string): void => {
    sample[step] ??= performance.now() - startedAt;
  };
  for await (const { view } of watchJob(api, job.id)) {
    const [entry] = view.entries;
    if (entry && entry.state !== 'queued') see('host assigned');
    if (entry && entry.state !== 'queued' && entry.state !== 'preparing') see('host ready');
    if (entry?.state === 'running') see('autoserv running');
    if ([...view.results.values()].some((result) => result.node === 'test')) see('first test');
  }
  see('finished');
  return sample;
}
