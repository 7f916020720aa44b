import { worstOutcome, type NodeKind, type RecordBody, type ResultOutcome } from '@autotest/core';
import { Scope } from '@autotest/core/runtime';
import type { FormatSink, ReadNode } from '../formats/format-reader.ts';

/** Writes what a format reader reads as records below a command. */
export class ResultRecords implements FormatSink {
  readonly #append: (body: RecordBody, scope: readonly string[]) => void;
  readonly #root: Scope;
  readonly #outcomes: ResultOutcome[] = [];
  #counts = new Map<ResultOutcome, number>();

  constructor(scope: readonly string[], append: (body: RecordBody, scope: readonly string[]) => void) {
    this.#root = new Scope(scope);
    this.#append = append;
  }

  node(node: ReadNode): void {
    this.#outcomes.push(node.outcome);
    this.#write(node, this.#root);
  }

  problem(message: string): void {
    this.#append({ kind: 'problem', source: 'results', message }, this.#root.path);
  }

  /** Worst of all; undefined while there is none. */
  get outcome(): ResultOutcome | undefined {
    return worstOutcome(this.#outcomes);
  }

  /** `2 of 5 failed` */
  get summary(): string {
    const total = [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
    const bad = [...this.#counts]
      .filter(([outcome]) => outcome !== 'pass')
      .map(([outcome, count]) => `${count} ${outcome}`);
    return bad.length === 0 ? `${total} pass` : `${bad.join(', ')} of ${total}`;
  }

  #write(node: ReadNode, parent: Scope): void {
    const scope = new Scope([...parent.path, parent.uniqueName(node.name)], parent);
    const isGroup = node.children.length > 0;
    if (!isGroup) this.#counts.set(node.outcome, (this.#counts.get(node.outcome) ?? 0) + 1);
    const kind: NodeKind = isGroup ? 'group' : 'subtest';
    this.#append(
      {
        kind: 'node.result',
        node: kind,
        name: node.name,
        outcome: node.outcome,
        ...(node.original !== undefined && { original: node.original }),
        ...(node.reason !== undefined && { reason: node.reason }),
        ...(node.durationMs !== undefined && { durationMs: node.durationMs }),
      },
      scope.path,
    );
    for (const child of node.children) this.#write(child, scope);
  }
}
