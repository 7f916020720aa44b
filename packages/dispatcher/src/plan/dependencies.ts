import type { EntryOutcome, JobState } from '@autotest/core';
import type { JobRow } from '@autotest/core/db';
import { addTo } from '../world/multimap.ts';
import type { World } from '../world/world.ts';

/** How a job stands that others wait for. */
export interface Awaited {
  readonly state: JobState;
  readonly outcome?: EntryOutcome;
}

/** Which jobs wait for which. What is known of a finished job is kept as long as somebody who waited for it is open. */
export class Dependencies {
  readonly #world: World;
  readonly #ended = new Map<number, Awaited>();
  readonly #dependents = new Map<number, Set<number>>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Notes for whom a job waits; gives the ids of jobs of which nothing is known: they have to be read. */
  note(job: JobRow): number[] {
    return (job.after ?? []).flatMap(({ jobId }) => {
      addTo(this.#dependents, jobId, job.id);
      return this.#stateOf(jobId) ? [] : jobId;
    });
  }

  /** Takes how a job stands that is not open any more; gives the jobs that waited for it. */
  ended(jobId: number, awaited: Awaited): number[] {
    const dependents = [...(this.#dependents.get(jobId) ?? [])];
    if (dependents.length > 0) this.#ended.set(jobId, awaited);
    return dependents;
  }

  forget(jobId: number): void {
    for (const [awaited, dependents] of this.#dependents)
      if (dependents.delete(jobId) && dependents.size === 0) {
        this.#dependents.delete(awaited);
        this.#ended.delete(awaited);
      }
  }

  dependentsOf(jobId: number): Iterable<number> {
    return this.#dependents.get(jobId) ?? [];
  }

  /** Jobs that a job still waits for. */
  openOf(job: JobRow): number[] {
    return (job.after ?? []).flatMap(({ jobId }) => (this.#stateOf(jobId)?.state === 'finished' ? [] : jobId));
  }

  /** Why a job can never start any more; undefined: it can. */
  brokenOf(job: JobRow): string | undefined {
    for (const { jobId, when } of job.after ?? []) {
      const awaited = this.#stateOf(jobId);
      if (when === 'passed' && awaited?.state === 'finished' && awaited.outcome !== 'passed')
        return `it waited for job ${jobId} to pass, and that one ended ${awaited.outcome ?? 'without outcome'}`;
    }
    return undefined;
  }

  #stateOf(jobId: number): Awaited | undefined {
    const ended = this.#ended.get(jobId);
    if (ended) return ended;
    const job = this.#world.jobs.get(jobId);
    return job && { state: job.state, ...(job.outcome && { outcome: job.outcome }) };
  }
}
