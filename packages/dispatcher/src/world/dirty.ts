/** What changed since somebody last looked, by kind and id. Each observer of a world has its own. */
export class Dirty {
  readonly entries = new Set<number>();
  readonly hosts = new Set<number>();
  readonly jobs = new Set<number>();
  readonly tasks = new Set<number>();
  readonly executions = new Set<number>();
  /** Dispatchers came, went, or changed what they take. */
  dispatchers = false;
  /** Shares, groups or labels changed: everything has to be looked at again. */
  rules = false;

  get isClean(): boolean {
    return (
      !this.dispatchers &&
      !this.rules &&
      this.entries.size + this.hosts.size + this.jobs.size + this.tasks.size + this.executions.size === 0
    );
  }
}

export type DirtyKind = 'entries' | 'hosts' | 'jobs' | 'tasks' | 'executions';

/** The ids, which are not dirty any more. */
export function drain(ids: Set<number>): number[] {
  const drained = [...ids];
  ids.clear();
  return drained;
}
