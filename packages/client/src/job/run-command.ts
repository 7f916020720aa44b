import { createReadStream, mkdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import {
  messageOf,
  formatDuration,
  isFailure,
  parseDuration,
  type CommandResult,
  type RunCommandOptions,
  type TestOutcome,
} from '@autotest/core';
import { runLocal } from '@autotest/core/node';
import { runLeaf, type LeafEnd, type LeafPlace } from '@autotest/core/runtime';
import { OutputLog } from '../logs/output-log.ts';
import type { FormatReader } from '../formats/format-reader.ts';
import { makeReader } from '../formats/make-reader.ts';
import { killMarked } from '../processes/kill.ts';
import { testMarker } from '../processes/marked.ts';
import type { ClientSession } from '../session/client-session.ts';
import { carryOut } from './carry-out.ts';
import { ResultRecords } from './result-records.ts';
import { testEnv, testRunId } from './test-env.ts';

const defaultTimeoutMs = 3_600_000;

/** `job.runCommand`: an executable as a test. */
export function runCommand(
  session: ClientSession,
  name: string,
  argv: readonly string[],
  options: RunCommandOptions = {},
): Promise<TestOutcome> {
  const timeoutMs = options.timeout === undefined ? defaultTimeoutMs : parseDuration(options.timeout);
  return runLeaf(session.runtime, {
    kind: 'command',
    name: options.tag === undefined ? name : `${name}.${options.tag}`,
    timeoutMs: options.timeout === undefined ? undefined : timeoutMs,
    check: options.check,
    onInterrupted: session.spec.control.onUnexpectedReboot ?? 'continue',
    run: (place) => carryOut(session, place, () => runAt(session, place, argv, options, timeoutMs)),
  });
}

async function runAt(
  session: ClientSession,
  place: LeafPlace,
  argv: readonly string[],
  options: RunCommandOptions,
  timeoutMs: number,
): Promise<LeafEnd> {
  const results = new ResultRecords(place.scope, (body, scope) => session.append(body, scope));
  const reader = makeReader(options.format ?? 'exit', results);
  const fromStdout = options.resultFile === undefined ? reader : undefined;
  const outputDir = join(session.spec.resultsDir, place.subdir);
  mkdirSync(join(outputDir, 'debug'), { recursive: true });
  const log = new OutputLog(outputDir, place.subdir);
  const cwd = options.cwd ?? outputDir;
  const id = testRunId(session, place);
  try {
    const result = await runLocal(argv, {
      cwd,
      baseEnv: { ...testEnv(session, place), [testMarker]: id },
      ...(options.env && { env: options.env }),
      timeout: timeoutMs,
      signal: session.signal,
      maxOutputBytes: 64 * 1024,
      onOutput: (chunk, stream) => {
        log.write(chunk);
        if (stream === 'stdout') fromStdout?.write(chunk);
        session.active();
      },
    });
    const exit = endOf(result, timeoutMs);
    if (!reader) return exit;
    if (options.resultFile !== undefined) await readResultFile(resolve(cwd, options.resultFile), reader, results);
    reader.end();
    return combine(exit, results);
  } finally {
    await killMarked(testMarker, id);
    log.close();
  }
}

/** What the exit of a command says by itself. */
function endOf(result: CommandResult, timeoutMs: number): LeafEnd {
  if (result.timedOut) return { outcome: 'timeout', reason: `Command timeout of ${formatDuration(timeoutMs)} expired` };
  if (result.aborted) return { outcome: 'abort', reason: 'The job was ended while the command ran' };
  if (result.signal !== undefined) return { outcome: 'error', reason: `The command was killed by ${result.signal}` };
  if (result.exitCode === undefined)
    return { outcome: 'error', reason: `The command could not be started: ${result.stderr.trim().slice(0, 500)}` };
  if (result.exitCode === 0) return { outcome: 'pass' };
  return { outcome: 'fail', reason: `exit code ${result.exitCode}` };
}

/** The results decide; an exit that does not fit them is never passed over. */
function combine(exit: LeafEnd, results: ResultRecords): LeafEnd {
  const { outcome = 'error', summary } = results;
  if (exit.outcome === 'timeout' || exit.outcome === 'abort' || exit.outcome === 'error') return exit;
  if (exit.outcome === 'fail' && !isFailure(outcome))
    return { outcome: 'error', original: outcome, reason: `${exit.reason}, although the results say ${summary}` };
  return outcome === 'pass' ? { outcome } : { outcome, reason: summary };
}

async function readResultFile(file: string, reader: FormatReader, results: ResultRecords): Promise<void> {
  try {
    const stream: AsyncIterable<Buffer> = createReadStream(file);
    for await (const chunk of stream) reader.write(chunk);
  } catch (error) {
    results.node({ name: 'result file', outcome: 'error', reason: messageOf(error), children: [] });
  }
}
