import type { JournalRecord, RecordOf } from '../../../journal/record.ts';
import { nodePath } from '../../../journal/scope.ts';
import { clipName, sha1, toJson } from '../../values.ts';
import {
  readCount,
  readDirection,
  readDuration,
  readFields,
  readList,
  readName,
  readNodeKind,
  readNumber,
  readOriginal,
  readOutcome,
  readText,
  readTime,
} from './strangers.ts';
import type { WorkNode } from './work-node.ts';

export interface WorkKeyval {
  readonly pathKey: string;
  readonly name: string;
  /** JSON text. */
  readonly value: string;
}

/**
 * Applies journal records to result nodes in memory, by the rules of ResultTree, with two differences that rows need: a new attempt is a node of its own, and what is too long for
 * a column is cut.
 */
export class ResultBatch {
  /** By path: the newest attempt. */
  readonly #nodes = new Map<string, WorkNode>();
  readonly #touched = new Set<WorkNode>();
  readonly keyvals = new Map<string, WorkKeyval>();
  readonly #now: number;
  #lastSeq: number;

  /** `known`: nodes stored already, at least those of `pathsOf(records)`. `lastSeq`: highest `seq` of the execution's nodes. */
  constructor(known: Iterable<WorkNode>, lastSeq: number, now: number) {
    this.#lastSeq = lastSeq;
    this.#now = now;
    for (const node of known) {
      const other = this.#nodes.get(node.path);
      if (!other || other.attempt < node.attempt) this.#nodes.set(node.path, node);
    }
  }

  /** Nodes that were made, changed or measured; parents before their children. */
  touched(): WorkNode[] {
    return [...this.#touched].sort((a, b) => a.depth - b.depth || a.seq - b.seq);
  }

  apply(record: JournalRecord): void {
    switch (record.kind) {
      case 'node.start':
        return this.#start(record);
      case 'node.end':
        return this.#end(record);
      case 'node.result':
        return this.#result(record);
      case 'iteration':
        return this.#measure(record, readCount(record.index), readList(record.metrics));
      case 'metric':
        return this.#measure(record, 0, [record.metric]);
      case 'keyval':
        return this.#keyval(record);
      default:
        return undefined;
    }
  }

  #start(record: RecordOf<'node.start'>): void {
    const attempt = readCount(record.attempt) ?? 1;
    const node = this.#at(record, attempt);
    if (!node) return;
    node.parent = this.#parentOf(record) ?? node.parent;
    node.node = readNodeKind(record.node);
    node.name = readName(record.name, node.name);
    node.outcome = undefined;
    node.originalOutcome = undefined;
    node.reason = undefined;
    node.endedAt = undefined;
    node.startedAt = readTime(record.t, this.#now);
    node.subdir = readText(record.subdir) ?? node.subdir;
    node.host = record.host === undefined ? node.host : readName(record.host, '');
  }

  #end(record: RecordOf<'node.end'>): void {
    const node = this.#at(record);
    if (node) this.#close(node, record);
  }

  #result(record: RecordOf<'node.result'>): void {
    const node = this.#at(record);
    if (!node) return;
    node.node = readNodeKind(record.node);
    node.name = readName(record.name, node.name);
    node.subdir = readText(record.subdir) ?? node.subdir;
    this.#close(node, record);
  }

  #close(node: WorkNode, record: RecordOf<'node.end'> | RecordOf<'node.result'>): void {
    node.outcome = readOutcome(record.outcome);
    node.originalOutcome = readOriginal(record.original);
    node.reason = readText(record.reason);
    node.endedAt = readTime(record.t, this.#now);
    node.startedAt ??= node.endedAt - (readDuration(record.durationMs) ?? 0);
  }

  #measure(record: JournalRecord, iteration: number | undefined, metrics: readonly unknown[]): void {
    const node = this.#at(record);
    if (!node || iteration === undefined) return;
    for (const metric of metrics) {
      const { name, value, unit, direction } = readFields(metric);
      const number = readNumber(value);
      if (number === undefined || typeof name !== 'string') continue;
      const shown = {
        iteration,
        name: clipName(name),
        value: number,
        unit: typeof unit === 'string' ? clipName(unit, 64) : '',
        direction: readDirection(direction),
      };
      node.metrics.set(`${iteration} ${shown.name}`, shown);
    }
  }

  #keyval(record: RecordOf<'keyval'>): void {
    const node = this.#at(record);
    const pathKey = node?.pathKey ?? rootKey;
    for (const [key, value] of Object.entries(readFields(record.values))) {
      const name = clipName(key);
      this.keyvals.set(`${pathKey} ${name}`, { pathKey, name, value: toJson(value ?? null) });
    }
  }

  #parentOf(record: JournalRecord): WorkNode | undefined {
    return this.#nodes.get(nodePath(clipScope(record.scope.slice(0, -1))));
  }

  /** The node of the record's scope in its newest attempt (or a new one, where `attempt` is newer), made with its ancestors where missing; undefined for the execution itself. */
  #at(record: JournalRecord, attempt = 0): WorkNode | undefined {
    const scope = clipScope(record.scope);
    let node: WorkNode | undefined;
    for (let depth = 1; depth <= scope.length; depth++) {
      const path = nodePath(scope.slice(0, depth));
      const known = this.#nodes.get(path);
      const isLast = depth === scope.length;
      if (known && !(isLast && attempt > known.attempt)) node = known;
      else node = this.#add(path, scope.slice(0, depth), node, isLast ? Math.max(1, attempt) : 1, record);
    }
    if (node) {
      node.changed = true;
      this.#touched.add(node);
    }
    return node;
  }

  #add(
    path: string,
    scope: readonly string[],
    parent: WorkNode | undefined,
    attempt: number,
    record: JournalRecord,
  ): WorkNode {
    const node: WorkNode = {
      id: undefined,
      path,
      pathKey: sha1(path),
      depth: scope.length,
      seq: ++this.#lastSeq,
      parent,
      parentId: undefined,
      node: 'group',
      name: scope.at(-1) ?? '',
      attempt,
      outcome: undefined,
      originalOutcome: undefined,
      reason: undefined,
      host: parent?.host,
      subdir: undefined,
      startedAt: readTime(record.t, this.#now),
      endedAt: undefined,
      changed: true,
      metrics: new Map(),
    };
    this.#nodes.set(path, node);
    this.#touched.add(node);
    return node;
  }
}

/** Key of the execution itself. */
export const rootKey = sha1('');

/** Paths that a batch of these records reads, ancestors included. */
export function pathsOf(records: readonly JournalRecord[]): string[] {
  const paths = new Set<string>();
  for (const { kind, scope } of records) {
    if (!touchingKinds.has(kind)) continue;
    const clipped = clipScope(scope);
    for (let depth = clipped.length; depth > 0; depth--) {
      const path = nodePath(clipped.slice(0, depth));
      if (paths.has(path)) break;
      paths.add(path);
    }
  }
  return [...paths];
}

const touchingKinds = new Set<JournalRecord['kind']>([
  'node.start',
  'node.end',
  'node.result',
  'iteration',
  'metric',
  'keyval',
]);

function clipScope(scope: readonly string[]): string[] {
  return scope.map((segment) => clipName(segment));
}
