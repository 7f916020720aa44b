import { addTo } from '../world/multimap.ts';

/** Names of results directories, so that no two executions of a job get the same: an entry may run again on a host, or two entries one after the other. */
export class Tags {
  readonly #taken = new Map<number, Set<string>>();

  /** Takes note of a tag that is used. */
  note(jobId: number, tag: string): void {
    addTo(this.#taken, jobId, tag);
  }

  /**
   * A tag that nobody has: the base, or the base with a number.
   *
   * @param exists whether a directory of this name was left by an execution of which nothing is known any more, or which another dispatcher ran
   */
  take(jobId: number, base: string, exists: (tag: string) => boolean): string {
    const taken = this.#taken.get(jobId);
    for (let n = 1; ; n++) {
      const tag = n === 1 ? base : `${base}.${n}`;
      if (taken?.has(tag) === true || exists(tag)) continue;
      this.note(jobId, tag);
      return tag;
    }
  }

  forget(jobId: number): void {
    this.#taken.delete(jobId);
  }
}
