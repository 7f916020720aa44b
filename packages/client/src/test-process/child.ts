import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { JobError, checkParams, type TestDefinition } from '@autotest/core';
import { JobAbortedError, verdictOf } from '@autotest/core/runtime';
import { TestParamsError } from '../errors.ts';
import { killMarked } from '../processes/kill.ts';
import { testMarker } from '../processes/marked.ts';
import { TestChannel } from './channel.ts';
import { makeTestContext, type TestState } from './context.ts';
import { loadTest } from './load-test.ts';
import type { FromTest, TestRunSpec } from './messages.ts';
import { flushOutput } from './output.ts';
import { runPhases, type TestVerdict } from './phases.ts';

/** The process of one test. Its stdout and stderr are the test's log. */
export function runTestChild(): void {
  const abort = new AbortController();
  const interrupt = Promise.withResolvers<never>();
  // Nobody may be waiting when it rejects.
  interrupt.promise.catch(() => undefined);
  const stop = (error: unknown): void => {
    abort.abort(error);
    interrupt.reject(error);
  };
  const channel = new TestChannel((message) => {
    if (message.type === 'abort') stop(new JobAbortedError(message.reason, message.timedOut));
    else void carryOut(message.spec, channel, abort.signal, interrupt.promise);
  });
  process.on('uncaughtException', stop);
  process.on('unhandledRejection', stop);
  // Without its parent nobody hears the outcome: end everything.
  process.once('disconnect', () => void leaveNothing().finally(() => process.exit(1)));
  channel.send({ type: 'ready' });
}

async function leaveNothing(): Promise<void> {
  const id = process.env[testMarker];
  if (id !== undefined) await killMarked(testMarker, id);
}

async function carryOut(
  spec: TestRunSpec,
  channel: TestChannel,
  signal: AbortSignal,
  interrupted: Promise<never>,
): Promise<void> {
  const { outcome, reason, endsJob } = await verdictOfTest(spec, channel, signal, interrupted);
  const last: FromTest = { type: 'outcome', outcome, reason, endsJob };
  await flushOutput();
  await channel.sendLast(last);
  process.removeAllListeners('disconnect');
  process.exit(0);
}

async function verdictOfTest(
  spec: TestRunSpec,
  channel: TestChannel,
  signal: AbortSignal,
  interrupted: Promise<never>,
): Promise<TestVerdict> {
  const state: TestState = { iteration: 0, metrics: undefined, attributes: {}, signal };
  try {
    const { definition, modulePath } = await loadTest(spec.source);
    const params = paramsFor(definition, spec);
    mkdirSync(spec.tmpDir, { recursive: true });
    const t = makeTestContext({ spec, testName: definition.name, modulePath, channel, state });
    process.chdir(join(spec.resultsDir, spec.subdir));
    return await runPhases({ definition, t, params, spec, state, channel, interrupted });
  } catch (error) {
    if (error instanceof JobError) return { outcome: 'abort', reason: error.message, endsJob: true };
    return verdictOf(error, 'error');
  }
}

function paramsFor(definition: TestDefinition, spec: TestRunSpec): TestRunSpec['params'] {
  const { params, problems } = checkParams(definition.params, spec.params);
  if (problems.length === 0) return params;
  throw new TestParamsError(
    definition.name,
    problems.map(({ message, remedy }) => `${message} ${remedy.replace(/\.\.$/, '.')}`.trim()),
  );
}
