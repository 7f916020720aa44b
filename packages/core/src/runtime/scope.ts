import type { ResultOutcome } from '../results/outcome.ts';
import type { EmissionKind } from './replay.ts';

/**
 * Where a running piece of a control file stands: the control file itself, a group or a branch. Counts steps and names in the order of
 * the calls, so that the same code gives the same keys when it runs again.
 */
export class Scope {
  readonly path: readonly string[];
  readonly parent: Scope | undefined;
  /** Directory, relative to the results directory, in which tests of this scope get theirs; empty for the results directory itself. */
  readonly subdir: string;
  /** Outcomes of the nodes directly below. */
  readonly outcomes: ResultOutcome[] = [];
  readonly #names = new Map<string, number>();
  readonly #emissions = new Map<EmissionKind, number>();
  readonly #pending = new Set<Promise<unknown>>();
  #steps = 0;

  constructor(path: readonly string[], parent?: Scope, subdir = parent?.subdir ?? '') {
    this.path = path;
    this.parent = parent;
    this.subdir = subdir;
  }

  get stepCount(): number {
    return this.#steps;
  }

  nextPosition(): number {
    this.#steps += 1;
    return this.#steps;
  }

  /** The name, or `name#2`, `name#3` … when siblings have it. */
  uniqueName(name: string): string {
    const count = (this.#names.get(name) ?? 0) + 1;
    this.#names.set(name, count);
    if (count === 1) return name;
    const numbered = `${name}#${count}`;
    return this.#names.has(numbered) ? this.uniqueName(name) : this.#taken(numbered);
  }

  /** 1 for the first record of this kind that the scope asks to write. */
  countEmission(kind: EmissionKind): number {
    const count = (this.#emissions.get(kind) ?? 0) + 1;
    this.#emissions.set(kind, count);
    return count;
  }

  /** Remembers work that must have ended before the scope may end. */
  track<T>(work: Promise<T>): Promise<T> {
    this.#pending.add(work);
    const forget = (): void => void this.#pending.delete(work);
    work.then(forget, forget);
    return work;
  }

  /** Waits for what was begun and not awaited; gives how much that was. */
  async settle(): Promise<number> {
    let count = 0;
    while (this.#pending.size > 0) {
      count += this.#pending.size;
      await Promise.allSettled(this.#pending);
    }
    return count;
  }

  #taken(name: string): string {
    this.#names.set(name, 1);
    return name;
  }
}
