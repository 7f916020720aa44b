import { join } from 'node:path';
import {
  NotSupportedError,
  isJsonValue,
  nodePath,
  parseDuration,
  type RunTestOptions,
  type TestOutcome,
} from '@autotest/core';
import { runLeaf, type LeafEnd, type LeafPlace } from '@autotest/core/runtime';
import { TestParamsError } from '../errors.ts';
import type { ClientSession } from '../session/client-session.ts';
import { collectAfterTest, collectBeforeTest } from '../sysinfo/test-sysinfo.ts';
import { runTestProcess } from '../test-process/parent.ts';
import { carryOut } from './carry-out.ts';
import { findTest, testNodeName } from './find-test.ts';
import { testEnv, testRunId } from './test-env.ts';

const graceMs = 15_000;

/** `job.runTest`. */
export function runTest(
  session: ClientSession,
  nameOrPath: string,
  params: Readonly<Record<string, unknown>> = {},
  options: RunTestOptions = {},
): Promise<TestOutcome> {
  const timeoutMs = options.timeout === undefined ? undefined : parseDuration(options.timeout);
  return runLeaf(session.runtime, {
    kind: 'test',
    name: testNodeName(nameOrPath, options.tag),
    timeoutMs,
    ...(isJsonValue(params) && { params }),
    check: options.check,
    onInterrupted: session.spec.control.onUnexpectedReboot ?? 'continue',
    run: (place) => carryOut(session, place, () => runAt(session, place, nameOrPath, params, options, timeoutMs)),
  });
}

async function runAt(
  session: ClientSession,
  place: LeafPlace,
  nameOrPath: string,
  params: Readonly<Record<string, unknown>>,
  options: RunTestOptions,
  timeoutMs: number | undefined,
): Promise<LeafEnd> {
  const { spec, files, runtime } = session;
  if ((options.profilers?.length ?? 0) > 0 || options.onlyProfile)
    throw new NotSupportedError(
      'Profiling a test',
      'Leave profilers and onlyProfile out; start what measures in the test itself.',
    );
  if (!isJsonValue(params)) throw new TestParamsError(nameOrPath, ['they are not plain JSON']);
  const source = findTest(nameOrPath, spec);
  const before = collectBeforeTest(spec.resultsDir, place.subdir);
  const end = await runTestProcess({
    program: session.program,
    id: testRunId(session, place),
    env: testEnv(session, place),
    timeoutMs,
    graceMs,
    signal: session.signal,
    spec: {
      source,
      bundleDir: session.bundleDir,
      nodeName: nodePath(place.scope),
      ...(options.tag !== undefined && { tag: options.tag }),
      params,
      iterations: options.iterations ?? 1,
      ...(options.testLength !== undefined && { testLengthMs: parseDuration(options.testLength) }),
      constraints: options.constraints ?? [],
      attributes: options.attributes ?? {},
      onlyProfile: false,
      cleanup: options.cleanup ?? true,
      boot: place.boot,
      steps: runtime.replay.stepsBelow(place.scope),
      resultsDir: spec.resultsDir,
      subdir: place.subdir,
      cacheDir: spec.cacheDir,
      tmpDir: join(files.dir, 'tmp', place.subdir),
    },
    record: (body, below) => session.append(body, [...place.scope, ...below]),
    sync: () => runtime.sync(),
    reboot: (rebootOptions) => session.reboot(rebootOptions, place.scope, nodePath(place.scope)),
    onOutput: () => session.active(),
  });
  await collectAfterTest(before);
  return end;
}
