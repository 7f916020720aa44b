import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { AutotestError, continueExitCode, parseDuration, type RebootOptions } from '@autotest/core';
import { RebootBusyError } from '@autotest/core/runtime';
import { log } from '../logs/client-log.ts';
import { signalProcess } from '../processes/kill.ts';
import { markedProcesses, sessionMarker, testMarker } from '../processes/marked.ts';
import type { ClientSession } from './client-session.ts';
import { writeClientExit } from './session-files.ts';

const defaultTimeoutMs = 30 * 60_000;

/**
 * Reboots the machine as the session says. Ends this process, so it never resolves.
 *
 * @param besides the test that asks, which may run
 * @throws RebootBusyError while others run; AT_REBOOT_FAILED when the machine stays up
 */
export async function reboot(
  session: ClientSession,
  options: RebootOptions,
  scope: readonly string[],
  besides: string | undefined,
): Promise<never> {
  const others = [...session.running].filter((name) => name !== besides);
  if (others.length > 0) throw new RebootBusyError(others);
  const { spec, runtime, files } = session;
  runtime.append({ kind: 'phase', phase: 'rebooting', host: spec.hostname }, []);
  runtime.append({ kind: 'reboot', event: 'start', host: spec.hostname, bootId: runtime.options.bootId }, scope);
  runtime.sync();
  session.goingDown();
  if (spec.reboot === 'simulate') leave(session, `rebooting is simulated: ends with exit code ${continueExitCode}`);
  log(`rebooting: ${spec.reboot}`);
  writeClientExit(files, continueExitCode);
  // Not marked as the session's: what ends this client on the way down must not end the reboot.
  const { [sessionMarker]: _session, [testMarker]: _test, ...env } = process.env;
  spawn('/bin/sh', ['-c', spec.reboot], { detached: true, stdio: 'ignore', cwd: '/', env }).unref();
  const timeoutMs = options.timeout === undefined ? defaultTimeoutMs : parseDuration(options.timeout);
  await delay(timeoutMs);
  throw new AutotestError(
    'AT_REBOOT_FAILED',
    `${spec.hostname} did not go down after: ${spec.reboot}. Check the command by hand.`,
  );
}

/** Ends at once, and everything it started with it: nothing may be recorded any more. */
export function leave({ files }: Pick<ClientSession, 'files'>, why: string): never {
  log(why);
  writeClientExit(files, continueExitCode);
  for (const pid of markedProcesses(sessionMarker, files.dir)) signalProcess(pid, 'SIGKILL');
  process.exit(continueExitCode);
}
