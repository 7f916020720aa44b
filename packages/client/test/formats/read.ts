import type { ResultFormat } from '@autotest/core';
import type { ReadNode } from '../../src/formats/format-reader.ts';
import { makeReader } from '../../src/formats/make-reader.ts';

export interface ReadResult {
  readonly nodes: ReadNode[];
  readonly problems: string[];
}

/** Reads a whole text, in chunks of `chunkBytes`. */
export function read(format: ResultFormat, input: string | Uint8Array, chunkBytes = 7): ReadResult {
  const result: ReadResult = { nodes: [], problems: [] };
  const reader = makeReader(format, {
    node: (node) => result.nodes.push(node),
    problem: (message) => result.problems.push(message),
  });
  const bytes = Buffer.from(input);
  for (let at = 0; at < bytes.length; at += chunkBytes) reader?.write(bytes.subarray(at, at + chunkBytes));
  reader?.end();
  return result;
}

/** `name: outcome` of each node, indented. */
export function lines(nodes: readonly ReadNode[], indent = ''): string[] {
  return nodes.flatMap((node) => [
    `${indent}${node.name}: ${node.outcome}${node.reason === undefined ? '' : ` (${node.reason})`}`,
    ...lines(node.children, `${indent}  `),
  ]);
}

/** Counts the outcomes of the leaves. */
export function counts(nodes: readonly ReadNode[]): Record<string, number> {
  const result: Record<string, number> = {};
  const walk = (node: ReadNode): void => {
    if (node.children.length === 0) result[node.outcome] = (result[node.outcome] ?? 0) + 1;
    node.children.forEach(walk);
  };
  nodes.forEach(walk);
  return result;
}
