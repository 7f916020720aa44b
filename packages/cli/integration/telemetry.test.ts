import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseTraceParent } from '@autotest/core';
import { parseMetrics, startOtlpReceiver } from '@autotest/core/testing';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startLab, waitFor, type Part } from './support/lab.ts';

const traceParent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const outer = parseTraceParent(traceParent);
const control = `import { defineControl } from '@autotest/core';
export default defineControl({ name: 'show', author: 'me', doc: 'Shows its trace.', type: 'client',
  async run(job) { await job.runCommand('show', ['sh', '-c', 'echo "trace=$TRACEPARENT"']); } });
`;

/** What the test of the job was told. */
async function runAndRead(lab: Awaited<ReturnType<typeof startLab>>) {
  await lab.cli('host', 'add', 'localhost', '--transport', 'local');
  const run = await lab.cli('run', lab.write({ 'control.ts': control }), '--quiet');
  expect(run.exitCode, run.stderr).toBe(0);
  const [file = ''] = globSync('1-*/localhost/show/debug/output.log', { cwd: join(lab.dataDir, 'results') });
  const log = readFileSync(join(lab.dataDir, 'results', file), 'utf8');
  return /^trace=(\S*)$/m.exec(log)?.[1] ?? `nothing in ${log}`;
}

describe('a trace', () => {
  it('goes from the command line through the API and the dispatcher into the process of a test', async () => {
    const receiver = await startOtlpReceiver();
    onTestFinished(() => receiver.close());
    const lab = await startLab({ env: { TRACEPARENT: traceParent, OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url } });
    const told = parseTraceParent(await runAndRead(lab));
    expect(told).toMatchObject({ traceId: outer?.traceId, sampled: true });
    expect(told?.spanId).not.toBe(outer?.spanId);
    await lab.server.end();
    expect(receiver.spans).toContainEqual(
      expect.objectContaining({
        service: 'autotest-server',
        name: 'mutation submitJob',
        traceId: outer?.traceId,
        parentSpanId: outer?.spanId,
      }),
    );
  });

  it('is not made up where nobody has one', async () => {
    const lab = await startLab();
    expect(await runAndRead(lab)).toBe('');
  });
});

describe('programs of a lab', () => {
  it('serve metrics and health where they are told to, and are ready', async () => {
    const lab = await startLab({ env: { AUTOTEST_METRICS_PORT: '0' } });
    const ask = async (part: Part, path: string) => {
      const url = await waitFor(() => /Metrics and health are at (\S+)/.exec(part.output())?.[1], 'the address');
      const response = await fetch(url + path);
      return { status: response.status, text: await response.text() };
    };
    for (const part of [lab.server, lab.dispatcher]) {
      expect((await ask(part, '/healthz')).status).toBe(200);
      expect(await ask(part, '/readyz')).toMatchObject({
        status: 200,
        text: expect.stringContaining('"status": "ok"'),
      });
    }
    const ofServer = parseMetrics((await ask(lab.server, '/metrics')).text);
    const ofDispatcher = parseMetrics((await ask(lab.dispatcher, '/metrics')).text);
    expect(ofServer.has('autotest_api_operations_total')).toBe(true);
    expect(ofDispatcher.has('autotest_entries')).toBe(true);
    for (const metrics of [ofServer, ofDispatcher]) expect(metrics.has('nodejs_eventloop_lag_seconds')).toBe(true);
  });
});
