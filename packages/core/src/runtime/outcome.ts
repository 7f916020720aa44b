import { messageOf } from '../errors/autotest-error.ts';
import { outcomeAskedFor } from '../control/outcome-errors.ts';
import type { ExitClass } from '../model/execution.ts';
import { cutText } from './bounds.ts';
import { isFailure, resultOutcomes, worstOutcome, type ResultOutcome } from '../results/outcome.ts';

export interface Verdict {
  readonly outcome: ResultOutcome;
  readonly reason: string;
  /** The whole job ends with it. */
  readonly endsJob: boolean;
}

/**
 * What a thrown value says about the piece of work that threw it.
 *
 * @param otherwise outcome of what is not one of the outcome errors: `fail` in warmup, runOnce and postprocess, else `error`
 */
export function verdictOf(error: unknown, otherwise: ResultOutcome): Verdict {
  const asked = outcomeAskedFor(error);
  if (asked && isOutcome(asked.outcome))
    return { outcome: asked.outcome, reason: cutText(messageOf(error)), endsJob: asked.endsJob };
  if (error instanceof AggregateError && error.errors.length > 0) return verdictOfMany(error.errors, otherwise);
  const name = error instanceof Error ? error.name : 'Thrown';
  return { outcome: otherwise, reason: cutText(`Unhandled ${name}: ${messageOf(error)}`), endsJob: false };
}

function verdictOfMany(errors: readonly unknown[], otherwise: ResultOutcome): Verdict {
  const verdicts = errors.map((error) => verdictOf(error, otherwise));
  return {
    outcome: worstOutcome(verdicts.map(({ outcome }) => outcome)) ?? otherwise,
    reason: cutText(verdicts.map(({ reason }) => reason).join('; ')),
    endsJob: verdicts.some(({ endsJob }) => endsJob),
  };
}

function isOutcome(value: string): value is ResultOutcome {
  return (resultOutcomes as readonly string[]).includes(value);
}

/** How an execution ended, from how its control file ended. */
export function exitClassOf(
  outcome: ResultOutcome,
  ending: { readonly aborted: boolean; readonly timedOut: boolean },
): ExitClass {
  if (ending.timedOut) return 'timedOut';
  if (ending.aborted) return 'aborted';
  return isFailure(outcome) ? 'testFailures' : 'clean';
}
