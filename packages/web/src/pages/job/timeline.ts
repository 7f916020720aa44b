import type { EntryLineFragment, ExecutionLineFragment, TaskLineFragment } from '../../generated/graphql.ts';

/** A stretch of an entry's time; ms since the epoch. */
export interface Span {
  readonly kind: 'queue' | 'prepare' | 'run' | 'collect';
  readonly label: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** What an entry's time went into, in order: waiting, each special task, the run, and the collecting behind it. */
export function spansOf(
  entry: Pick<EntryLineFragment, 'queuedAt' | 'finishedAt'>,
  execution: Pick<ExecutionLineFragment, 'startedAt' | 'endedAt'> | undefined,
  tasks: readonly Pick<TaskLineFragment, 'kind' | 'startedAt' | 'finishedAt'>[],
  nowMs: number,
): Span[] {
  const queuedMs = Date.parse(entry.queuedAt);
  const endMs = timeOf(entry.finishedAt) ?? Math.max(nowMs, queuedMs);
  const spans: Span[] = [];
  for (const task of tasks) {
    const fromMs = timeOf(task.startedAt);
    // A host's tasks for others are not this entry's time.
    if (fromMs === undefined || fromMs < queuedMs || fromMs > endMs) continue;
    spans.push({ kind: 'prepare', label: task.kind, fromMs, toMs: timeOf(task.finishedAt) ?? endMs });
  }
  const startedMs = timeOf(execution?.startedAt ?? null);
  const endedMs = timeOf(execution?.endedAt ?? null);
  if (startedMs !== undefined) spans.push({ kind: 'run', label: 'run', fromMs: startedMs, toMs: endedMs ?? endMs });
  if (endedMs !== undefined && endedMs < endMs)
    spans.push({ kind: 'collect', label: 'collect', fromMs: endedMs, toMs: endMs });
  spans.sort((a, b) => a.fromMs - b.fromMs);
  return fillWaits(spans, queuedMs, endMs);
}

/** What nothing else fills is waiting. */
function fillWaits(spans: readonly Span[], fromMs: number, endMs: number): Span[] {
  const filled: Span[] = [];
  let at = fromMs;
  for (const span of spans) {
    if (span.fromMs > at) filled.push({ kind: 'queue', label: 'wait', fromMs: at, toMs: span.fromMs });
    filled.push(span);
    at = Math.max(at, span.toMs);
  }
  if (at < endMs) filled.push({ kind: 'queue', label: 'wait', fromMs: at, toMs: endMs });
  return filled;
}

function timeOf(text: string | null): number | undefined {
  return text === null ? undefined : Date.parse(text);
}
