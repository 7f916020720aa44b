import type { ResultOutcome } from '@autotest/core';

/** One result that was read; children come in order, duplicates stay. */
export interface ReadNode {
  readonly name: string;
  readonly outcome: ResultOutcome;
  /** What the program said, where a rule changed it. */
  readonly original?: ResultOutcome | undefined;
  readonly reason?: string | undefined;
  readonly durationMs?: number | undefined;
  readonly children: readonly ReadNode[];
}

export interface FormatSink {
  /** A whole node of the top level, as soon as it is known. */
  node(node: ReadNode): void;
  /** Something that was read but not understood. */
  problem(message: string): void;
}

/**
 * Reads results in one format from a stream of bytes. Never throws, whatever the bytes are; what is wrong comes as a problem, and as a node with
 * outcome `error` where tests may be missing, so that broken output never passes.
 */
export interface FormatReader {
  write(chunk: Uint8Array): void;
  end(): void;
}

/** Bounds for everything that is read; the program that writes it is not to be trusted. */
export const formatLimits = {
  nodes: 50_000,
  depth: 30,
  lineBytes: 64 * 1024,
  nameLength: 500,
  reasonLength: 4000,
  totalBytes: 256 * 1024 * 1024,
  problems: 100,
} as const;

export function cutName(name: string): string {
  const clean = name.trim();
  return clean.length <= formatLimits.nameLength ? clean : `${clean.slice(0, formatLimits.nameLength)}…`;
}

export function cutReason(reason: string): string {
  const clean = reason.trim();
  return clean.length <= formatLimits.reasonLength ? clean : `${clean.slice(0, formatLimits.reasonLength)}…`;
}

/** Passes on so many problems and so many nodes, then says once that there are more. */
export function boundedSink(sink: FormatSink): FormatSink & { readonly nodeCount: number } {
  let problems = 0;
  let nodes = 0;
  let isFull = false;
  const count = (node: ReadNode): number => 1 + node.children.reduce((sum, child) => sum + count(child), 0);
  return {
    get nodeCount() {
      return nodes;
    },
    node(node) {
      if (isFull) return;
      nodes += count(node);
      if (nodes <= formatLimits.nodes) return sink.node(node);
      isFull = true;
      const reason = `More than ${formatLimits.nodes} results; the rest was not read`;
      return sink.node({ name: 'too many results', outcome: 'error', reason, children: [] });
    },
    problem(message) {
      problems += 1;
      if (problems < formatLimits.problems) sink.problem(cutReason(message));
      else if (problems === formatLimits.problems) sink.problem('more problems are not listed');
    },
  };
}
