import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, type ExecutionSpec, type ExitClass, type JournalRecord } from '@autotest/core';
import { asDiskError, causeOf, describeFault } from '../errors.ts';
import { runPurpose, type PurposeEnd } from '../purposes/run-purpose.ts';
import { Contact } from './contact.ts';
import { makeConnections, type ExecutionContext, type ExecutionSettings } from './context.ts';
import { ControlSocket } from './control-socket.ts';
import { watchIdle, type IdleWatch } from './idle-watch.ts';
import { layOut, writeKeyval } from './layout.ts';
import { lockResults } from './lock.ts';
import { closeOpenNodes } from './nodes.ts';
import { Recorder } from './recorder.ts';
import { writeResultsJson } from './results-json.ts';
import { StatusLogs } from './status-logs.ts';
import { bySignal, readAbortWish, stopLimits, Stopper, StopRequest } from './stop.ts';
import { verdictOfExecution, type End } from './verdict.ts';

export interface RunExecutionOptions {
  readonly settings: ExecutionSettings;
  readonly env: NodeJS.ProcessEnv;
  /** Sees each new record, for people who watch. */
  readonly onRecord?: (record: JournalRecord) => void;
  /** Free text for debug/autoserv.log. */
  readonly log: (message: string) => void;
}

/**
 * Carries an execution out, from the lock of its results directory to its last record. Whatever happens on the way, the journal gets its `end`
 * record, results.json is written and the dispatcher is told; an end that cannot even be written (disk full) is told on the socket and by the exit code.
 *
 * @throws ExecutionLockedError when another process does it; JournalWriteError when the journal cannot even be opened
 */
export async function runExecution(spec: ExecutionSpec, options: RunExecutionOptions): Promise<ExitClass> {
  const unlock = lockResults(spec);
  try {
    return await runLocked(spec, options);
  } finally {
    unlock();
  }
}

async function runLocked(spec: ExecutionSpec, options: RunExecutionOptions): Promise<ExitClass> {
  const startedAt = Date.now();
  let socket: ControlSocket | undefined;
  let idle: IdleWatch | undefined;
  let context: ExecutionContext | undefined;
  const statusLogs = new StatusLogs(spec.resultsDir, options.log);
  const recorder = Recorder.open({
    resultsDir: spec.resultsDir,
    epoch: spec.epoch,
    onRecord: (record, old) => {
      statusLogs.take(record, old);
      if (old) return;
      idle?.active();
      context?.consoles?.take(record);
      if (record.kind === 'keyval' && record.scope.length === 0) writeKeyval(spec.resultsDir, record.values);
      socket?.journalGrew();
      options.onRecord?.(record);
    },
  });
  if (recorder.tree.end) {
    // Nothing may follow a last record.
    options.log('this execution has ended already');
    statusLogs.close();
    recorder.close();
    return recorder.tree.end.exitClass;
  }
  const stopper = new Stopper(
    (request) => noteStop(recorder, request, options.log),
    stopLimits(options.settings.stopMs),
  );
  idle = watchIdle(spec, stopper);
  const { active } = idle;
  context = {
    spec,
    recorder,
    stopper,
    active,
    settings: options.settings,
    env: options.env,
    connections: makeConnections(spec, options.settings, (body) => recorder.append(body), options.env),
  };
  const contact = new Contact(spec, stopper, options.log);
  socket = await listen(context, contact, options.log);
  const unwatch = [
    idle.dispose,
    () => stopper.dispose(),
    () => contact.close(),
    watchSignals(spec, stopper),
    watchDeadline(spec, stopper),
    watchProcess(context, startedAt),
  ];

  const facts = await Promise.race([attempt(context, contact, options), givenUp(stopper, options.log)]);
  const closed = [...context.connections.values()].map((connection) => connection.close().catch(() => {}));
  await Promise.race([Promise.all(closed), delay(closeMs, undefined, { ref: false })]);
  for (const dispose of unwatch) dispose();
  const end = finish(context, facts, startedAt, options.log);
  statusLogs.close();
  recorder.close();
  await socket?.end(end);
  return end.exitClass;
}

/** A connection to a host that does not answer closes by itself when this process ends. */
const closeMs = 5000;

/** The end of an execution that something keeps from ending. */
function givenUp({ over }: Stopper, log: (message: string) => void): Promise<Facts> {
  return new Promise((resolve) => {
    over.addEventListener(
      'abort',
      () => {
        log('not everything has ended in time: the execution ends all the same');
        resolve({ thrown: { error: over.reason }, clients: [] });
      },
      { once: true },
    );
  });
}

/** On a machine where the socket cannot be, the execution goes on without: whoever follows it reads the journal, and aborts it by a signal. */
async function listen(
  { spec, recorder, stopper }: ExecutionContext,
  contact: Contact,
  log: (message: string) => void,
): Promise<ControlSocket | undefined> {
  try {
    return await ControlSocket.listen({
      path: spec.socketPath,
      executionId: spec.executionId,
      epoch: spec.epoch,
      journalBytes: () => recorder.journalBytes,
      onMessage: (message) => {
        contact.heard();
        if (message.type !== 'abort' || stopper.hasHeard(message)) return;
        stopper.stop(new StopRequest(message.timedOut ? 'timedOut' : 'aborted', message.by, message.reason));
      },
    });
  } catch (error) {
    log(`there is no control socket: ${messageOf(error)}`);
    return undefined;
  }
}

type Facts = { readonly thrown?: { readonly error: unknown }; readonly clients: PurposeEnd['clients'] };

async function attempt(context: ExecutionContext, contact: Contact, options: RunExecutionOptions): Promise<Facts> {
  const { spec, recorder } = context;
  try {
    await contact.established();
    layOut(spec, recorder.continued);
    // The runtime of server control files says it itself.
    if (!recorder.tree.jobStart && !isServerJob(spec)) {
      recorder.append({
        kind: 'job.start',
        name: spec.job?.name ?? spec.purpose,
        hosts: spec.hosts.map(({ name }) => name),
        controlType: spec.purpose === 'job' ? (spec.job?.controlType ?? 'none') : 'none',
      });
      recorder.sync();
    }
    await openConsoles(context);
    return { clients: (await runPurpose(context)).clients };
  } catch (error) {
    options.log(describeFault(error));
    return { thrown: { error }, clients: [] };
  } finally {
    context.consoles?.close();
  }
}

/** Consoles are watched by whatever may make a host boot. A job without any loads nothing of it. */
async function openConsoles(context: ExecutionContext): Promise<void> {
  const { purpose, hosts } = context.spec;
  if (purpose === 'verify' || purpose === 'gather' || hosts.every(({ attributes }) => attributes.console === undefined))
    return;
  const { Consoles } = await import('../console/consoles.ts');
  context.consoles = Consoles.open(context);
}

/** Who asks to stop after an error that nobody caught. */
const strayStop = 'autoserv';

function isServerJob(spec: ExecutionSpec): boolean {
  return spec.purpose === 'job' && spec.job?.controlType === 'server';
}

/** Writes the last records. The verdict stands even when the disk does not take them. */
function finish(
  context: ExecutionContext,
  { thrown, clients }: Facts,
  startedAt: number,
  log: (message: string) => void,
): End {
  const { recorder, stopper, spec } = context;
  // A stray error stops the execution in autoserv's own name: that is not a request of anybody.
  const request = stopper.request?.by === strayStop ? undefined : stopper.request;
  const stray =
    recorder.strayError === undefined ? undefined : { error: recorder.strayError, ofControl: isServerJob(spec) };
  const lost =
    spec.purpose === 'gather'
      ? {
          code: 'AT_AUTOSERV_LOST',
          message: 'autoserv was killed before the execution ended; what was left was collected',
        }
      : undefined;
  const end = verdictOfExecution({ ...(lost && { lost }), request, thrown, stray, clients, recorder });
  try {
    if (spec.purpose === 'job' || spec.purpose === 'gather') closeNodesAndJob(recorder, end);
    writeResultsJson(spec, recorder, end, startedAt);
    writeKeyval(spec.resultsDir, { job_finished: Math.floor(Date.now() / 1000) });
    recorder.append({ kind: 'end', ...end });
    recorder.sync();
    return end;
  } catch (error) {
    log(`the end could not be recorded: ${messageOf(error)}`);
    return { exitClass: 'infra', cause: end.cause ?? causeOf(asDiskError(spec.resultsDir, error)) };
  }
}

function closeNodesAndJob(recorder: Recorder, end: End): void {
  const reason = end.cause?.message ?? 'the execution ended before it';
  closeOpenNodes(recorder, end.exitClass === 'timedOut' ? 'timeout' : 'abort', reason);
  if (recorder.tree.jobEnd) return;
  const outcome =
    end.exitClass === 'clean'
      ? 'pass'
      : end.exitClass === 'testFailures'
        ? (recorder.tree.outcome() ?? 'fail')
        : end.exitClass === 'timedOut'
          ? 'timeout'
          : 'abort';
  recorder.append({ kind: 'job.end', outcome, ...(end.cause && { reason: end.cause.message }) });
}

function noteStop(recorder: Recorder, request: StopRequest, log: (message: string) => void): void {
  try {
    recorder.append({ kind: 'abort.request', by: request.by, reason: request.message });
  } catch (error) {
    log(`a request to stop could not be recorded: ${messageOf(error)}`);
  }
}

function watchSignals(spec: ExecutionSpec, stopper: Stopper): () => void {
  const listeners = (['SIGTERM', 'SIGINT', 'SIGHUP'] as const).map((name) => {
    const listener = (): void => stopper.stop(readAbortWish(spec) ?? bySignal(name));
    process.on(name, listener);
    return () => process.off(name, listener);
  });
  return () => listeners.forEach((off) => off());
}

function watchDeadline({ limits }: ExecutionSpec, stopper: Stopper): () => void {
  const { deadlineAt } = limits;
  if (deadlineAt === undefined) return () => {};
  const controller = new AbortController();
  const longest = 2 ** 31 - 1;
  const watch = async (): Promise<void> => {
    for (let left = deadlineAt - Date.now(); left > 0; left = deadlineAt - Date.now()) {
      await delay(Math.min(left, longest), undefined, { signal: controller.signal, ref: false });
    }
    stopper.stop(new StopRequest('timedOut', 'deadline', 'the time for the job is over'));
  };
  watch().catch(() => {});
  return () => controller.abort();
}

/** Code of a server control file runs in this process: its stray errors and `process.exit` must not leave a journal without an end. */
function watchProcess(context: ExecutionContext, startedAt: number): () => void {
  const { recorder, spec } = context;
  const onStray = (error: unknown): void => {
    recorder.strayError ??= error;
    try {
      recorder.append({
        kind: 'fault',
        code: 'AT_UNCAUGHT',
        message: describeFault(error),
      });
    } catch {
      // The disk is full: the verdict says so.
    }
    context.stopper.stop(new StopRequest('aborted', strayStop, `an error that nobody caught: ${messageOf(error)}`));
  };
  const onExit = (): void => {
    const end: End = {
      exitClass: 'testFailures',
      cause: {
        code: 'AT_CONTROL_EXIT',
        message: `the control file ended the process with exit code ${process.exitCode ?? 0}`,
      },
    };
    closeNodesAndJob(recorder, end);
    writeResultsJson(spec, recorder, end, startedAt);
    recorder.append({ kind: 'end', ...end });
    recorder.sync();
    process.exitCode = 1;
  };
  process.on('uncaughtException', onStray);
  process.on('unhandledRejection', onStray);
  process.on('exit', onExit);
  return () => {
    process.off('uncaughtException', onStray);
    process.off('unhandledRejection', onStray);
    process.off('exit', onExit);
  };
}
