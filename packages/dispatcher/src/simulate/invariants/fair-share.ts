import type { EntryState } from '@autotest/core';
import { Violation } from '../violation.ts';
import { holding } from './holding.ts';
import type { Known, StoredEvent } from './known.ts';

export interface Account {
  readonly weight: number;
  readonly maxHosts?: number;
}

/** How long it may take until a planner knows of what was written, and writes what it decided, ms. */
const lagMs = 1000;

/**
 * Whoever has fewer hosts for its weight is served first: a host goes to nobody while an account waits for the same that would still be behind with one host more. Judged by events
 * alone, in their order. Only for labs in which every host is open to everybody.
 */
export class FairShare {
  readonly #accounts: ReadonlyMap<string, Account>;
  readonly #states = new Map<number, EntryState>();
  readonly #held = new Map<string, number>();
  readonly #releases: { readonly account: string; readonly t: number }[] = [];

  constructor(accounts: ReadonlyMap<string, Account>) {
    this.#accounts = accounts;
  }

  /** @throws Violation */
  take(event: StoredEvent, known: Known): void {
    if (event.kind === 'job.submitted')
      for (const { id, jobId } of known.entries.values()) if (jobId === event.jobId) this.#states.set(id, 'queued');
    if (event.kind !== 'entry.moved' || event.entryId === null) return;
    const { to } = JSON.parse(event.data) as { to: EntryState };
    const from = this.#states.get(event.entryId) ?? 'queued';
    const account = known.jobs.get(known.entries.get(event.entryId)?.jobId ?? 0)?.account ?? '';
    this.#states.set(event.entryId, to);
    if (holding.has(from) === holding.has(to)) return;
    if (holding.has(to)) this.#check(event, account, known);
    else this.#releases.push({ account, t: event.t });
    this.#held.set(account, this.#heldBy(account) + (holding.has(to) ? 1 : -1));
  }

  #check(event: StoredEvent, account: string, known: Known): void {
    const given = known.jobs.get(event.jobId ?? 0);
    if (!given) return;
    const usage = this.#heldBy(account) / this.#weightOf(account);
    for (const [id, state] of this.#states) {
      const entry = known.entries.get(id);
      const job = known.jobs.get(entry?.jobId ?? 0);
      if (state !== 'queued' || !entry || !job || job.account === account) continue;
      if (job.needs !== given.needs || event.t - entry.queuedAt < lagMs) continue;
      // One that just gave a host back is still at its limit for whoever does not know of that yet.
      if (this.#accounts.get(job.account)?.maxHosts !== undefined) continue;
      const held = this.#heldBy(job.account);
      const thought = held + this.#released(job.account, event.t - lagMs);
      const isBehind = (thought + 1) / this.#weightOf(job.account) < usage;
      if (job.priority > given.priority || (job.priority === given.priority && isBehind))
        throw new Violation(
          'fair share',
          `job ${given.id} of ${account}, which holds ${this.#heldBy(account)}, got a host before job ${job.id} of ${job.account}, which holds ${held}`,
        );
    }
  }

  /** Hosts that an account gave back since then: whoever decided before that was written still counts them. */
  #released(account: string, since: number): number {
    return this.#releases.filter((release) => release.account === account && release.t >= since).length;
  }

  #heldBy(account: string): number {
    return this.#held.get(account) ?? 0;
  }

  #weightOf(account: string): number {
    return this.#accounts.get(account)?.weight ?? 1;
  }
}
