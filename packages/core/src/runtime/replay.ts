import { nodePath } from '../journal/scope.ts';
import type { JournalRecord, RecordOf } from '../journal/record.ts';
import type { JsonValue } from '../json/json-value.ts';

/** What the journal knows of one step. */
export interface RecordedStep {
  readonly key: string;
  readonly at?: string | undefined;
  /** Boot id under which it was begun last, where it cannot be run twice. */
  bootId?: string | undefined;
  /** How often it was to be begun, where an interrupted one is run again. */
  attempt: number;
  done?: { readonly value?: JsonValue | undefined; readonly error?: JsonValue | undefined };
}

/** What the journal knows of one node. */
export interface RecordedNode {
  readonly start: RecordOf<'node.start'>;
  attempt: number;
  /** Reboots that this attempt asked for itself. */
  reboots: number;
  /** It asked for a reboot and has not begun again since. */
  rebooting: boolean;
  end?: RecordOf<'node.end'> | undefined;
}

export type EmissionKind = 'keyval' | 'metric' | 'result' | 'info' | 'phase' | 'warnings';

interface RecordedScope {
  /** By position. */
  readonly steps: Map<number, RecordedStep>;
  readonly emitted: Map<EmissionKind, number>;
}

/**
 * The journal of earlier runs of a control file, laid out for the run that follows: which steps are done and what they gave, which nodes are
 * open. Records taken over from elsewhere (`from`) are none of its steps.
 */
export class Replay {
  readonly #scopes = new Map<string, RecordedScope>();
  readonly #nodes = new Map<string, RecordedNode>();
  /** Directories that nodes were given, relative to the results directory. */
  readonly subdirs = new Set<string>();
  hasRecords = false;
  jobStarted = false;
  ended: RecordOf<'end'> | undefined;
  jobEnd: RecordOf<'job.end'> | undefined;
  lastBootId: string | undefined;

  add(record: JournalRecord): void {
    if (record.from !== undefined) return;
    this.hasRecords = true;
    switch (record.kind) {
      case 'job.start':
        this.jobStarted = true;
        return;
      case 'job.end':
        this.jobEnd = record;
        return;
      case 'end':
        this.ended = record;
        return;
      case 'boot':
        this.lastBootId = record.bootId;
        return;
      case 'node.start':
        this.#start(record);
        return;
      case 'node.end':
        this.#end(record);
        return;
      case 'step.start':
      case 'step':
        this.#step(record);
        return;
      case 'reboot':
        this.#reboot(record);
        return;
      case 'node.result':
        this.#emitted(record.scope.slice(0, -1), 'result');
        return;
      case 'keyval':
      case 'metric':
      case 'info':
      case 'warnings':
        this.#emitted(record.scope, record.kind);
        return;
      default:
    }
  }

  step(scope: readonly string[], position: number): RecordedStep | undefined {
    return this.#scopes.get(nodePath(scope))?.steps.get(position);
  }

  /** Highest position of a step in the scope. */
  stepCount(scope: readonly string[]): number {
    const steps = this.#scopes.get(nodePath(scope))?.steps;
    return steps === undefined ? 0 : Math.max(0, ...steps.keys());
  }

  /** Finished steps of a scope and of those below it; `below` is the escaped path from the scope. */
  stepsBelow(scope: readonly string[]): (RecordedStep['done'] & {
    readonly below: string;
    readonly position: number;
    readonly key: string;
    readonly at?: string | undefined;
  })[] {
    const root = nodePath(scope);
    return [...this.#scopes].flatMap(([path, { steps }]) => {
      if (path !== root && !path.startsWith(`${root}/`)) return [];
      const below = path === root ? '' : path.slice(root.length + 1);
      return [...steps].flatMap(([position, { key, at, done }]) =>
        done ? [{ below, position, key, at, ...done }] : [],
      );
    });
  }

  emitted(scope: readonly string[], kind: EmissionKind): number {
    return this.#scopes.get(nodePath(scope))?.emitted.get(kind) ?? 0;
  }

  node(scope: readonly string[]): RecordedNode | undefined {
    return this.#nodes.get(nodePath(scope));
  }

  /** Nodes below a scope that began and did not end, deepest first. */
  openBelow(scope: readonly string[]): RecordedNode[] {
    const prefix = `${nodePath(scope)}/`;
    return [...this.#nodes.entries()]
      .filter(([path, node]) => node.end === undefined && path.startsWith(prefix))
      .map(([, node]) => node)
      .sort((a, b) => b.start.scope.length - a.start.scope.length || b.start.seq - a.start.seq);
  }

  #start(record: RecordOf<'node.start'>): void {
    if (record.subdir !== undefined) this.subdirs.add(record.subdir);
    this.#nodes.set(nodePath(record.scope), {
      start: record,
      attempt: record.attempt ?? 1,
      reboots: 0,
      rebooting: false,
    });
  }

  #end(record: RecordOf<'node.end'>): void {
    const node = this.#nodes.get(nodePath(record.scope));
    if (node) node.end = record;
  }

  #reboot(record: RecordOf<'reboot'>): void {
    const node = this.#nodes.get(nodePath(record.scope));
    if (!node) return;
    if (record.event === 'start') node.reboots += 1;
    node.rebooting = record.event === 'start';
  }

  #step(record: RecordOf<'step' | 'step.start'>): void {
    const position = Number(/#(\d+)$/.exec(record.key)?.[1]);
    if (!Number.isSafeInteger(position)) return;
    const { steps } = this.#scope(record.scope);
    const step: RecordedStep = steps.get(position) ?? { key: record.key, at: record.at, attempt: 1 };
    if (record.kind === 'step.start') {
      step.bootId = record.bootId;
      step.attempt = record.attempt ?? step.attempt;
    }
    if (record.kind === 'step') step.done = { value: record.value, error: record.error };
    steps.set(position, step);
  }

  #emitted(scope: readonly string[], kind: EmissionKind): void {
    const { emitted } = this.#scope(scope);
    emitted.set(kind, (emitted.get(kind) ?? 0) + 1);
  }

  #scope(scope: readonly string[]): RecordedScope {
    const path = nodePath(scope);
    const known = this.#scopes.get(path);
    if (known) return known;
    const made: RecordedScope = { steps: new Map(), emitted: new Map() };
    this.#scopes.set(path, made);
    return made;
  }
}
