import { exitClasses, messageOf, type ExitClass, type RecordOf } from '@autotest/core';
import { causeOf } from '../errors.ts';
import type { Recorder } from './recorder.ts';
import type { StopRequest } from './stop.ts';

export type End = Pick<RecordOf<'end'>, 'exitClass' | 'cause'>;

/** Codes of errors that are the control file's, not the lab's. */
const controlCodes = new Set(['AT_CONTROL_DIVERGED', 'AT_CONTROL_INVALID', 'AT_NOT_SUPPORTED', 'AT_COMMAND_FAILED']);

/** How an execution ended, from what was asked, what was thrown and what the nodes say; in this order. */
export function verdictOfExecution(facts: {
  readonly request: StopRequest | undefined;
  readonly thrown: { readonly error: unknown } | undefined;
  /** An error that nobody caught; `ofControl`: a server control file ran in this process. */
  readonly stray?: { readonly error: unknown; readonly ofControl: boolean } | undefined;
  /** What clients said in their last records. */
  readonly clients: readonly { readonly exitClass?: string; readonly cause?: End['cause'] }[];
  readonly recorder: Recorder;
  /** The execution was another process's, which is gone. */
  readonly lost?: End['cause'];
}): End {
  const { request, clients, recorder } = facts;
  const { thrown, stray } = facts;
  if (stray && isOfDisk(stray.error)) return { exitClass: 'infra', cause: causeOf(stray.error) };
  if (thrown && isOfDisk(thrown.error)) return { exitClass: 'infra', cause: causeOf(thrown.error) };
  if (facts.lost) return { exitClass: 'lost', cause: facts.lost };
  if (request) return { exitClass: request.kind, cause: { code: request.code, message: request.message } };
  if (stray) {
    const cause = { code: 'AT_UNCAUGHT', message: `an error that nobody caught: ${messageOf(stray.error)}` };
    return { exitClass: stray.ofControl ? 'testFailures' : 'infra', cause };
  }
  if (thrown && !isOfControl(thrown.error)) return { exitClass: 'infra', cause: causeOf(thrown.error) };
  for (const { exitClass, cause } of clients) {
    if (cause && isOfLab(cause.code)) return { exitClass: 'infra', cause };
    if (isExitClass(exitClass) && exitClass !== 'clean' && exitClass !== 'testFailures')
      return { exitClass, ...(cause && { cause }) };
  }
  const failed =
    thrown !== undefined ||
    recorder.tree.hasFailures() ||
    clients.some(({ exitClass }) => exitClass === 'testFailures');
  const cause = thrown ? causeOf(thrown.error) : clients.find((client) => client.cause)?.cause;
  return failed ? { exitClass: 'testFailures', ...(cause && { cause }) } : { exitClass: 'clean' };
}

/** What a server control file let through, but is not its fault. */
function isOfLab(code: string): boolean {
  return /^AT_(HOST_|CLIENT_LOST|TRANSFER|SESSION_PROTOCOL|RESULTS_DISK_FULL|JOURNAL_WRITE)/.test(code);
}

/** Nothing that came later could be recorded. */
function isOfDisk(error: unknown): boolean {
  const { code } = causeOf(error);
  return code === 'AT_RESULTS_DISK_FULL' || code === 'AT_JOURNAL_WRITE';
}

function isOfControl(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && controlCodes.has(code);
}

function isExitClass(value: string | undefined): value is ExitClass {
  return value !== undefined && (exitClasses as readonly string[]).includes(value);
}

/** Exit code of the process: 0 passed · 1 a test failed · 2 lab or infrastructure · 3 aborted or timed out. */
export function exitCodeOf(exitClass: ExitClass): number {
  if (exitClass === 'clean') return 0;
  if (exitClass === 'testFailures') return 1;
  return exitClass === 'aborted' || exitClass === 'timedOut' ? 3 : 2;
}
