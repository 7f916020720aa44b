import { messageOf, outcomeAskedFor, type NodeKind, type ResultOutcome } from '@autotest/core';
import type { Recorder } from './recorder.ts';

export interface StepResult {
  readonly outcome: ResultOutcome;
  /** Where `outcome` is milder than what happened. */
  readonly original?: ResultOutcome;
  readonly reason?: string;
}

export interface NodeAbout {
  readonly node: NodeKind;
  readonly host?: string;
  readonly subdir?: string;
  /** What fails here decides nothing: it is recorded as `warn`, with what it was as its original outcome. */
  readonly tentative?: boolean;
}

/** Runs `fn` as a node of the result tree and records how it ends. What it throws is recorded as `error` (or as what it asks for) and thrown on. */
export async function inNode(
  recorder: Recorder,
  scope: readonly string[],
  { tentative, ...about }: NodeAbout,
  fn: () => Promise<StepResult | void>,
): Promise<StepResult> {
  const startedAt = performance.now();
  recorder.append({ kind: 'node.start', name: scope.at(-1) ?? '', ...about }, scope);
  const end = (result: StepResult): StepResult => {
    const durationMs = Math.round(performance.now() - startedAt);
    recorder.append(
      {
        kind: 'node.end',
        outcome: result.outcome,
        ...(result.original !== undefined && { original: result.original }),
        ...(result.reason !== undefined && { reason: result.reason }),
        durationMs,
      },
      scope,
    );
    recorder.sync();
    return result;
  };
  try {
    return end((await fn()) ?? { outcome: 'pass' });
  } catch (error) {
    const outcome = outcomeAskedFor(error)?.outcome ?? 'error';
    end({
      ...(tentative ? { outcome: 'warn', original: outcome } : { outcome }),
      reason: messageOf(error).slice(0, 4000),
    });
    throw error;
  }
}

/** Ends every node that is still open, deepest first. */
export function closeOpenNodes(
  recorder: Recorder,
  outcome: ResultOutcome,
  reason: string,
  below: readonly string[] = [],
): number {
  const open = recorder.tree
    .open()
    .filter(({ scope }) => below.every((name, index) => scope[index] === name) && scope.length > below.length);
  for (const { scope } of open) recorder.append({ kind: 'node.end', outcome, reason }, scope);
  return open.length;
}
