import type { ResultLineFragment } from '../generated/graphql.ts';
import { isFailedResult, resultSeverity } from './status.ts';

export type ResultNode = ResultLineFragment;

/** One line of the tree as it is shown. */
export interface TreeRow {
  readonly node: ResultNode;
  readonly level: number;
  readonly hasChildren: boolean;
  readonly isOpen: boolean;
  /** Failures among its descendants. */
  readonly failuresBelow: number;
}

export interface TreeView {
  readonly failedFirst: boolean;
  readonly failuresOnly: boolean;
  /** What the user opened (true) or closed (false); for the rest the rule of `isOpenByItself` holds. */
  readonly chosen: ReadonlyMap<string, boolean>;
}

/** Trees up to this size are shown open. */
const smallTree = 80;

/**
 * Result nodes of a job as trees. Taking a node costs as much as it has ancestors, whatever the size of the trees.
 */
export class ResultForest {
  readonly #nodes = new Map<string, ResultNode>();
  readonly #children = new Map<string | null, string[]>();
  readonly #failuresBelow = new Map<string, number>();
  readonly #runningBelow = new Map<string, number>();

  get size(): number {
    return this.#nodes.size;
  }

  /** Adds a node, or puts it in the place of the one with its id. */
  put(node: ResultNode): void {
    const old = this.#nodes.get(node.id);
    this.#nodes.set(node.id, node);
    if (old === undefined) {
      const siblings = this.#children.get(node.parentId);
      if (siblings === undefined) this.#children.set(node.parentId, [node.id]);
      else siblings.push(node.id);
    }
    this.#noteAbove(
      node,
      this.#failuresBelow,
      Number(isFailedResult(node.outcome)) - Number(old !== undefined && isFailedResult(old.outcome)),
    );
    this.#noteAbove(
      node,
      this.#runningBelow,
      Number(node.outcome === null) - Number(old !== undefined && old.outcome === null),
    );
  }

  get(id: string): ResultNode | undefined {
    return this.#nodes.get(id);
  }

  values(): IterableIterator<ResultNode> {
    return this.#nodes.values();
  }

  hasChildren(id: string): boolean {
    return this.#children.has(id);
  }

  /** Directory of a node's files: its own or that of the nearest node around it which has one. */
  subdirOf(id: string): string | undefined {
    for (let node = this.#nodes.get(id); node !== undefined; node = this.#nodes.get(node.parentId ?? '')) {
      if (node.subdir !== null) return node.subdir;
    }
    return undefined;
  }

  /** The lines to show, top down. */
  rows(view: TreeView): TreeRow[] {
    const rows: TreeRow[] = [];
    this.#collect(null, 0, view, rows);
    return rows;
  }

  /** First failure without a failing child, in order of appearance: what to look at first. */
  firstFailure(): ResultNode | undefined {
    for (const node of this.#nodes.values()) {
      if (isFailedResult(node.outcome) && (this.#failuresBelow.get(node.id) ?? 0) === 0) return node;
    }
    return undefined;
  }

  #collect(parentId: string | null, level: number, view: TreeView, into: TreeRow[]): void {
    for (const id of this.#siblings(parentId, view)) {
      const node = this.#nodes.get(id);
      if (node === undefined) continue;
      const failuresBelow = this.#failuresBelow.get(id) ?? 0;
      if (view.failuresOnly && failuresBelow === 0 && !isFailedResult(node.outcome)) continue;
      const hasChildren = this.#children.has(id);
      const isOpen = hasChildren && (view.chosen.get(id) ?? this.#isOpenByItself(id));
      into.push({ node, level, hasChildren, isOpen, failuresBelow });
      if (isOpen) this.#collect(id, level + 1, view, into);
    }
  }

  #siblings(parentId: string | null, view: TreeView): readonly string[] {
    const ids = this.#children.get(parentId) ?? [];
    return view.failedFirst ? ids.toSorted((a, b) => this.#worst(b) - this.#worst(a)) : ids;
  }

  #worst(id: string): number {
    const own = resultSeverity(this.#nodes.get(id)?.outcome ?? null);
    const failsBelow = (this.#failuresBelow.get(id) ?? 0) > 0;
    return failsBelow ? Math.max(own, resultSeverity('fail')) : own;
  }

  #isOpenByItself(id: string): boolean {
    if (this.#nodes.size <= smallTree) return true;
    return (this.#failuresBelow.get(id) ?? 0) > 0 || (this.#runningBelow.get(id) ?? 0) > 0;
  }

  #noteAbove(node: ResultNode, counts: Map<string, number>, change: number): void {
    if (change === 0) return;
    for (let id = node.parentId; id !== null; id = this.#nodes.get(id)?.parentId ?? null) {
      counts.set(id, (counts.get(id) ?? 0) + change);
    }
  }
}
