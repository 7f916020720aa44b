import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import {
  continueExitCode,
  journalFileName,
  logLineOf,
  messageOf,
  type ClientJob,
  type ExitClass,
} from '@autotest/core';
import { JournalWriter } from '@autotest/core/node';
import { ControlRuntime, JobAbortedError, type ControlEnd } from '@autotest/core/runtime';
import { SessionBusyError, SessionError } from '../errors.ts';
import { makeClientJob } from '../job/client-job.ts';
import { log } from '../logs/client-log.ts';
import { killMarked } from '../processes/kill.ts';
import { sessionMarker } from '../processes/marked.ts';
import { readBootId } from '../session/boot-id.ts';
import type { ClientSession } from '../session/client-session.ts';
import { watchLimits } from '../session/limits.ts';
import { leave, reboot } from '../session/reboot.ts';
import {
  readSessionSpec,
  runningClient,
  sessionFiles,
  writeClientExit,
  writeClientIdentity,
  type SessionFiles,
} from '../session/session-files.ts';
import { storedRecords } from '../session/stored-journal.ts';
import { collectBootSysinfo } from '../sysinfo/boot-sysinfo.ts';

/** Exit codes of the client: 0 when it carried the job out, whatever the outcome; 1 aborted; 5 continue after a reboot. */
function exitCodeOf(exitClass: ExitClass): number {
  return exitClass === 'clean' || exitClass === 'testFailures' ? 0 : 1;
}

/** `run --session DIR`: carries the session's control file out in this process, or goes on where an earlier one was ended. */
export async function runSession(directory: string, program: string): Promise<number> {
  const files = sessionFiles(directory);
  const spec = readSessionSpec(files);
  const other = runningClient(files);
  if (other) throw new SessionBusyError(files.dir, other.pid);
  process.env[sessionMarker] = files.dir;
  rmSync(files.stop, { force: true });
  writeClientIdentity(files);
  // What an earlier client left running would disturb what comes now.
  await killMarked(sessionMarker, files.dir);
  mkdirSync(join(spec.resultsDir, 'debug'), { recursive: true });

  const abort = new AbortController();
  const limits = watchLimits(spec, (error) => abort.abort(error));
  const file = join(spec.resultsDir, journalFileName);
  const journal = JournalWriter.open(file, {
    epoch: spec.epoch,
    onAppend: (record) => {
      limits.active();
      const line = logLineOf(record);
      if (line !== undefined) log(line);
    },
  });
  const runtime = new ControlRuntime({
    sink: journal,
    records: storedRecords(file),
    resultsDir: spec.resultsDir,
    bundleDir: dirname(spec.control.entry),
    bootId: readBootId(),
    signal: abort.signal,
  });
  if (runtime.replay.ended) {
    limits.dispose();
    const exitCode = exitCodeOf(runtime.replay.ended.exitClass);
    writeClientExit(files, exitCode);
    return exitCode;
  }
  let goingDown = false;
  const session: ClientSession = {
    files,
    spec,
    runtime,
    program,
    bundleDir: dirname(spec.control.entry),
    signal: abort.signal,
    running: new Set(),
    active: () => limits.active(),
    append: (body, scope) => runtime.append(body, scope),
    goingDown: () => (goingDown = true),
    reboot: (options, scope, besides) => reboot(session, options, scope, besides),
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    const reason = stopReason(files);
    if (signal === 'SIGTERM' && (goingDown || reason === undefined)) leave(session, 'SIGTERM: the machine goes down');
    abort.abort(new JobAbortedError(reason ?? `ended by ${signal}`));
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  const crash = (error: unknown): void => {
    log(`error outside of all calls: ${error instanceof Error ? error.stack : messageOf(error)}`);
    if (!abort.signal.aborted)
      runtime.append({ kind: 'fault', code: 'AT_CONTROL_CRASHED', message: messageOf(error) }, []);
    abort.abort(error instanceof Error ? error : new Error(messageOf(error)));
  };
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  const onExit = (): void => endInHurry(session, journal);
  process.on('exit', onExit);

  const end = await carryOut(session);
  const { exitClass, cause } = end;
  await killMarked(sessionMarker, files.dir);
  limits.dispose();
  journal.append({ kind: 'end', exitClass, ...(cause && { cause }) });
  journal.sync();
  process.off('exit', onExit);
  rmSync(join(files.dir, 'tmp'), { recursive: true, force: true });
  const exitCode = exitCodeOf(exitClass);
  writeClientExit(files, exitCode);
  return exitCode;
}

async function carryOut(session: ClientSession): Promise<ControlEnd> {
  const { spec, runtime } = session;
  const { name, entry } = spec.control;
  process.setSourceMapsEnabled(true);
  const about = { name: spec.job?.name ?? name, hosts: [spec.hostname], controlType: 'client' as const };
  return runtime.run(about, async () => {
    runtime.append({ kind: 'phase', phase: 'running', host: spec.hostname }, []);
    const [module]: [{ default?: unknown }, void] = await Promise.all([
      import(pathToFileURL(entry).href),
      collectBootSysinfo(spec.resultsDir, runtime.options.bootId).catch((error: unknown) => log(messageOf(error))),
    ]);
    const { default: control } = module;
    if (!isControl(control))
      throw new SessionError(session.files.dir, `the default export of ${entry} is no defineControl({…})`);
    await control.run(makeClientJob(session), spec.params);
  });
}

interface RunnableControl {
  run(job: ClientJob, params: unknown): Promise<void> | void;
}

function isControl(value: unknown): value is RunnableControl {
  return typeof value === 'object' && value !== null && 'run' in value && typeof value.run === 'function';
}

/** Why `stop` wants the client to end; undefined when it does not. */
function stopReason(files: SessionFiles): string | undefined {
  try {
    const { reason }: { reason: string } = JSON.parse(readFileSync(files.stop, 'utf8'));
    return reason;
  } catch {
    return undefined;
  }
}

/** `process.exit()` in a control file must not leave the journal open. */
function endInHurry({ files, runtime }: ClientSession, journal: JournalWriter): void {
  if (process.exitCode === continueExitCode) return;
  const reason = `the control file ended the client's process with exit code ${process.exitCode ?? 0}`;
  for (const node of runtime.openNodes()) journal.append({ kind: 'node.end', outcome: 'abort', reason }, node);
  journal.append({ kind: 'job.end', outcome: 'error', reason });
  journal.append({ kind: 'end', exitClass: 'testFailures', cause: { code: 'AT_CONTROL_EXIT', message: reason } });
  journal.sync();
  writeClientExit(files, 1);
}
