import { join } from 'node:path';
import type { Cause, ExitClass, FromAutoserv, RecordOf } from '@autotest/core';
import type { ExecutionRow } from '@autotest/core/db';
import type { ProcessEnd } from '../executors/executor.ts';

/** How the process of an execution ended. */
export interface RunEnd {
  readonly exitClass: ExitClass;
  readonly cause?: Cause;
  /** The process broke off: what it had begun has to be collected and closed by somebody else. */
  readonly needsGather: boolean;
}

export interface AbortWish {
  readonly by: string;
  readonly reason: string;
  readonly timedOut: boolean;
}

export interface EndFacts {
  readonly execution: Pick<ExecutionRow, 'purpose' | 'resultsDir'>;
  /** The last record of its journal. */
  readonly end: RecordOf<'end'> | undefined;
  readonly hasBegun: boolean;
  /** How it ended by its own account. */
  readonly lastWord: Extract<FromAutoserv, { type: 'ended' }> | undefined;
  /** What its executor says of its end. */
  readonly process: ProcessEnd;
  /** Asked of this dispatcher. */
  readonly abort: AbortWish | undefined;
  /** Asked of this dispatcher or an earlier one. */
  readonly wasAborted: boolean;
}

/** How an execution ended whose process is gone. */
export function verdictOfEnd({ execution, end, hasBegun, lastWord, process, abort, wasAborted }: EndFacts): RunEnd {
  const { reason, wasCut = false } = process;
  // A signal of which autoserv could only say that it came: its executor knows why.
  if (end?.exitClass === 'aborted' && wasCut && reason !== undefined && !wasAborted)
    return { exitClass: 'lost', cause: { code: 'AT_AUTOSERV_LOST', message: reason }, needsGather: false };
  if (end) return { exitClass: end.exitClass, ...(end.cause && { cause: end.cause }), needsGather: false };
  const where = join(execution.resultsDir, 'debug', 'autoserv.log');
  if (lastWord) {
    const message = `autoserv could not write its last record; the disk of the results may be full; see ${where}`;
    const { exitClass, cause = { code: 'AT_RESULTS_INCOMPLETE', message } } = lastWord;
    return { exitClass, cause, needsGather: false };
  }
  const needsGather = execution.purpose === 'job' && hasBegun;
  if (abort) return { ...abortedBy(abort), needsGather };
  const how = hasBegun ? 'ended without its last record: it was killed or crashed' : 'ended before it began';
  const message = `autoserv ${how}${reason === undefined ? '' : `; ${reason}`}; see ${where}`;
  return { exitClass: 'lost', cause: { code: 'AT_AUTOSERV_LOST', message }, needsGather };
}

function abortedBy({ by, reason, timedOut }: AbortWish): Pick<RunEnd, 'exitClass' | 'cause'> {
  return timedOut
    ? { exitClass: 'timedOut', cause: { code: 'AT_TIMED_OUT', message: reason } }
    : { exitClass: 'aborted', cause: { code: 'AT_ABORTED', message: `${by} aborted it: ${reason}` } };
}
