import type { JobRow } from '@autotest/core/db';
import { EntryQueue } from './entry-queue.ts';
import type { HostClass } from './host-class.ts';
import type { Requirement } from './requirement.ts';

/** Who asks, as far as it matters which hosts they may have. */
export interface Principal {
  readonly groups: ReadonlySet<number>;
  readonly isAdmin: boolean;
  /** Only where it matters who it is: for someone who has hosts reserved, or dispatchers for themselves. */
  readonly owner: string | undefined;
}

/**
 * any       one host of a kind
 * named     this very host
 * group     hosts that start together; a demand of each job
 * hostless  no host, only somebody who carries it out
 */
export type DemandKind = 'any' | 'named' | 'group' | 'hostless';

/**
 * A queue of entries that can be given the same hosts. What holds for one of them (which hosts fit, why it waits) holds for all, so it is found out once, however many
 * wait.
 */
export class Demand {
  readonly key: string;
  readonly kind: DemandKind;
  readonly requirement: Requirement;
  readonly principal: Principal;
  /** Hosts that are named: one, or several of a group. */
  readonly hostIds: readonly number[];
  /** Of a group: its job. */
  readonly jobId: number | undefined;
  readonly pool: string | undefined;
  readonly queue = new EntryQueue();
  /** Classes whose hosts fit, the least labelled first, so that special hosts are taken last. */
  readonly classes = new Set<HostClass>();
  /** Entries that are not tied to the reason why they wait. */
  readonly untied = new Set<number>();
  /** The reason as it is stored, and when it was found, ms since the epoch. */
  reason: string | undefined;
  reasonAt = 0;

  constructor(
    key: string,
    kind: DemandKind,
    requirement: Requirement,
    principal: Principal,
    subject: { hostIds: readonly number[]; jobId?: number | undefined; pool?: string | undefined },
  ) {
    this.key = key;
    this.kind = kind;
    this.requirement = requirement;
    this.principal = principal;
    this.hostIds = subject.hostIds;
    this.jobId = subject.jobId;
    this.pool = subject.pool;
  }
}

/** Whether hosts of a class can be given to a demand, as far as labels and rights are concerned. */
export function fits(home: HostClass, demand: Demand, onlyIfNeeded: ReadonlySet<string>): boolean {
  return (
    !home.isOneTime &&
    mayUse(home, demand.principal) &&
    demand.requirement.holds(home.labels) &&
    heldBack(home, demand.requirement, onlyIfNeeded).length === 0
  );
}

/** Whether somebody may use hosts of a class. */
export function mayUse(home: Pick<HostClass, 'groups' | 'reservedBy'>, { groups, isAdmin, owner }: Principal): boolean {
  if (home.reservedBy !== undefined && home.reservedBy !== owner) return false;
  return isAdmin || home.groups.length === 0 || home.groups.some((group) => groups.has(group));
}

/** Labels that keep a class out of what does not ask for them. */
export function heldBack(home: HostClass, { asked }: Requirement, onlyIfNeeded: ReadonlySet<string>): string[] {
  if (onlyIfNeeded.size === 0) return [];
  return home.labelList.filter((label) => onlyIfNeeded.has(label) && !asked.has(label));
}

/** How many hosts of the job start together. */
export function groupSizeOf(job: JobRow): number {
  return job.controlType === 'server' ? Math.max(1, job.syncCount) : 1;
}
