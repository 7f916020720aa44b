import type { JournalRecord, NodeKind, RecordOf } from '../journal/record.ts';
import { nodePath } from '../journal/scope.ts';
import type { JsonValue } from '../json/json-value.ts';
import { isFailure, resultOutcomes, worstOutcome, type Metric, type ResultOutcome } from './outcome.ts';

/** One iteration of a test. */
export interface IterationResult {
  /** From 1. */
  readonly index: number;
  readonly metrics: readonly Metric[];
  readonly attributes: Readonly<Record<string, JsonValue>>;
  readonly durationMs: number;
}

/** A node of the tree of outcomes that a journal tells of. */
export interface ResultNode {
  /** Escaped scope; identity within the execution. */
  readonly path: string;
  readonly scope: readonly string[];
  readonly parent: ResultNode | undefined;
  readonly children: ResultNode[];
  /** `seq` of the record that first named it. */
  readonly seq: number;
  node: NodeKind;
  name: string;
  attempt: number;
  /** Undefined while it runs. */
  outcome: ResultOutcome | undefined;
  originalOutcome: ResultOutcome | undefined;
  reason: string | undefined;
  host: string | undefined;
  subdir: string | undefined;
  startedAt: number | undefined;
  endedAt: number | undefined;
  readonly iterations: IterationResult[];
  readonly metrics: Metric[];
  readonly keyvals: Record<string, JsonValue>;
}

export type ResultCounts = Readonly<Record<ResultOutcome | 'running' | 'total', number>>;

/**
 * Builds the tree of outcomes from journal records, one after another. Pure: the same records give the same tree, wherever they are read.
 * Takes what comes: a node whose start is missing is made when it is first named.
 */
export class ResultTree {
  readonly #nodes = new Map<string, ResultNode>();
  readonly roots: ResultNode[] = [];
  readonly keyvals: Record<string, JsonValue> = Object.create(null) as Record<string, JsonValue>;
  jobStart: RecordOf<'job.start'> | undefined;
  jobEnd: RecordOf<'job.end'> | undefined;
  end: RecordOf<'end'> | undefined;

  /** Takes one record in; gives the node that it changed. */
  apply(record: JournalRecord): ResultNode | undefined {
    switch (record.kind) {
      case 'job.start':
        this.jobStart = record;
        return undefined;
      case 'job.end':
        this.jobEnd = record;
        return undefined;
      case 'end':
        this.end = record;
        return undefined;
      case 'node.start':
        return this.#start(record);
      case 'node.end':
        return this.#end(record);
      case 'node.result':
        return this.#result(record);
      case 'iteration':
        return this.#iteration(record);
      case 'metric': {
        const node = this.#at(record);
        node?.metrics.push(record.metric);
        return node;
      }
      case 'keyval': {
        const node = this.#at(record);
        Object.assign(node?.keyvals ?? this.keyvals, record.values);
        return node;
      }
      default:
        return undefined;
    }
  }

  node(path: string): ResultNode | undefined {
    return this.#nodes.get(path);
  }

  /** In order of first appearance. */
  nodes(): IterableIterator<ResultNode> {
    return this.#nodes.values();
  }

  /** Nodes that began and have not ended, deepest first. */
  open(): ResultNode[] {
    return [...this.#nodes.values()]
      .filter((node) => node.outcome === undefined)
      .sort((a, b) => b.scope.length - a.scope.length || b.seq - a.seq);
  }

  /** Worst outcome of the roots and of the control file's own end; undefined while nothing has ended. */
  outcome(): ResultOutcome | undefined {
    const outcomes = this.roots.map((node) => node.outcome ?? 'abort');
    if (this.jobEnd) outcomes.push(this.jobEnd.outcome);
    return worstOutcome(outcomes);
  }

  /** Counts tests, commands and subtests (not the groups around them). */
  counts(): ResultCounts {
    const counts = {
      total: 0,
      running: 0,
      ...Object.fromEntries(resultOutcomes.map((outcome) => [outcome, 0])),
    } as Record<string, number>;
    for (const { node, outcome } of this.#nodes.values()) {
      if (!isCounted(node)) continue;
      counts.total = (counts.total ?? 0) + 1;
      const key = outcome ?? 'running';
      counts[key] = (counts[key] ?? 0) + 1;
    }
    return counts as ResultCounts;
  }

  hasFailures(): boolean {
    for (const { outcome } of this.#nodes.values()) if (outcome !== undefined && isFailure(outcome)) return true;
    return this.jobEnd !== undefined && isFailure(this.jobEnd.outcome);
  }

  #start(record: RecordOf<'node.start'>): ResultNode | undefined {
    const node = this.#at(record);
    if (!node) return undefined;
    const attempt = record.attempt ?? 1;
    // A repeated start of a node that ended is a new attempt: what the earlier one measured is not its result.
    if (attempt > node.attempt) {
      node.iterations.length = 0;
      node.metrics.length = 0;
    }
    node.node = record.node;
    node.name = record.name;
    node.attempt = attempt;
    node.outcome = undefined;
    node.originalOutcome = undefined;
    node.reason = undefined;
    node.endedAt = undefined;
    node.startedAt = record.t;
    node.subdir = record.subdir ?? node.subdir;
    node.host = record.host ?? node.host;
    return node;
  }

  #end(record: RecordOf<'node.end'>): ResultNode | undefined {
    const node = this.#at(record);
    if (!node) return undefined;
    node.outcome = record.outcome;
    node.originalOutcome = record.original;
    node.reason = record.reason;
    node.endedAt = record.t;
    node.startedAt ??= record.durationMs === undefined ? undefined : record.t - record.durationMs;
    return node;
  }

  #result(record: RecordOf<'node.result'>): ResultNode | undefined {
    const node = this.#at(record);
    if (!node) return undefined;
    node.node = record.node;
    node.name = record.name;
    node.outcome = record.outcome;
    node.originalOutcome = record.original;
    node.reason = record.reason;
    node.subdir = record.subdir ?? node.subdir;
    node.endedAt = record.t;
    node.startedAt ??= record.t - (record.durationMs ?? 0);
    return node;
  }

  #iteration(record: RecordOf<'iteration'>): ResultNode | undefined {
    const node = this.#at(record);
    if (!node) return undefined;
    const { index, metrics, attributes, durationMs } = record;
    const known = node.iterations.findIndex((iteration) => iteration.index === index);
    const iteration = { index, metrics, attributes, durationMs };
    if (known === -1) node.iterations.push(iteration);
    else node.iterations[known] = iteration;
    return node;
  }

  /** The node of the record's scope, made with its ancestors where missing; undefined for the execution itself. */
  #at(record: JournalRecord): ResultNode | undefined {
    let parent: ResultNode | undefined;
    for (let depth = 1; depth <= record.scope.length; depth++) {
      const scope = record.scope.slice(0, depth);
      const path = nodePath(scope);
      parent = this.#nodes.get(path) ?? this.#add(path, scope, parent, record);
    }
    return parent;
  }

  #add(path: string, scope: readonly string[], parent: ResultNode | undefined, record: JournalRecord): ResultNode {
    const node: ResultNode = {
      path,
      scope,
      parent,
      children: [],
      seq: record.seq,
      node: 'group',
      name: scope.at(-1) ?? '',
      attempt: 1,
      outcome: undefined,
      originalOutcome: undefined,
      reason: undefined,
      host: parent?.host,
      subdir: undefined,
      startedAt: record.t,
      endedAt: undefined,
      iterations: [],
      metrics: [],
      keyvals: Object.create(null) as Record<string, JsonValue>,
    };
    this.#nodes.set(path, node);
    (parent?.children ?? this.roots).push(node);
    return node;
  }
}

/** Tests, commands and subtests count; jobs, hosts, groups and branches only hold them. */
export function isCounted(kind: NodeKind): boolean {
  return kind === 'test' || kind === 'command' || kind === 'subtest';
}
