import type { EntryRow, HostRow, JobRow, Snapshot } from '@autotest/core/db';
import { type HostPool, isLocked } from './host-pool.ts';
import type { Requirement, Requirements } from './requirement.ts';
import { liveLease, type PlanLimits, type WaitingReason } from './types.ts';
import { groupSizeOf, type Unit } from './units.ts';

const maxNamedHosts = 3;
const maxMessageLength = 1000;

/** Says why entries wait. Facts that many entries share are found out once. */
export class Reasons {
  readonly #snapshot: Snapshot;
  readonly #pool: HostPool;
  readonly #requirements: Requirements;
  readonly #jobOfEntry: ReadonlyMap<number, number>;
  readonly #byRequirement = new Map<string, Omit<WaitingReason, 'entryId'>>();

  constructor(snapshot: Snapshot, pool: HostPool, requirements: Requirements) {
    this.#snapshot = snapshot;
    this.#pool = pool;
    this.#requirements = requirements;
    this.#jobOfEntry = new Map(snapshot.entries.map((entry) => [entry.id, entry.jobId]));
  }

  /** Of an entry that got no host. */
  ofUnplaced(entry: EntryRow, unit: Unit): WaitingReason {
    const requirement = this.#requirements.of(unit.job);
    const reason =
      entry.named && entry.hostId !== undefined
        ? this.#ofNamed(entry.hostId, requirement, unit)
        : this.#ofAny(requirement, unit);
    return { entryId: entry.id, code: reason.code, message: reason.message.slice(0, maxMessageLength) };
  }

  /** Of an entry whose host a special task works on. */
  ofPreparing(entry: EntryRow): WaitingReason {
    const host = entry.hostId === undefined ? undefined : this.#pool.host(entry.hostId);
    const message = host ? `${host.name} ${doing(host.state)}` : 'its host is made ready';
    return { entryId: entry.id, code: 'preparing', message };
  }

  /** Of an entry that is ready and waits for others of its job. */
  ofReady(entry: EntryRow, missing: number): WaitingReason {
    return {
      entryId: entry.id,
      code: 'siblings',
      message: `waits for ${missing} more ${missing === 1 ? 'host' : 'hosts'}`,
    };
  }

  ofCapacity(entry: EntryRow, { maxExecutions, shortage }: PlanLimits): WaitingReason {
    const full = `${maxExecutions} executions run already, as many as this dispatcher may start`;
    return { entryId: entry.id, code: 'capacity', message: shortage ?? full };
  }

  #ofNamed(hostId: number, requirement: Requirement, unit: Unit): Omit<WaitingReason, 'entryId'> {
    const host = this.#pool.host(hostId);
    if (!host) return { code: 'hosts', message: 'its host does not exist any more' };
    const unmet = requirement.problem === undefined ? requirement.unmet(host.labels) : [];
    if (requirement.problem !== undefined) return { code: 'labels', message: requirement.problem };
    if (unmet.length > 0)
      return { code: 'labels', message: `needs ${requirement.text}; ${host.name} lacks ${unmet.join(', ')}` };
    return this.#busyReason([host], unit, '');
  }

  #ofAny(requirement: Requirement, unit: Unit): Omit<WaitingReason, 'entryId'> {
    // Whom a host was given to is told to each waiting job alike.
    const key = unit.groupSize > 1 ? `${requirement.key}\n${unit.job.id}` : requirement.key;
    const known = this.#byRequirement.get(key);
    if (known) return known;
    const reason = this.#describeAny(requirement, unit);
    this.#byRequirement.set(key, reason);
    return reason;
  }

  #describeAny(requirement: Requirement, unit: Unit): Omit<WaitingReason, 'entryId'> {
    if (requirement.problem !== undefined) return { code: 'labels', message: requirement.problem };
    const hosts = this.#pool.matching(requirement);
    if (hosts.length > 0) return this.#busyReason(hosts, unit, requirement.text);
    if (this.#snapshot.hosts.length === 0) return { code: 'hosts', message: 'there are no hosts yet; add one' };
    const near = this.#pool
      .representatives()
      .map((host) => ({ host, unmet: requirement.unmet(host.labels) }))
      .sort((a, b) => a.unmet.length - b.unmet.length)
      .slice(0, maxNamedHosts)
      .map(({ host, unmet }) => `${host.name} lacks ${unmet.join(', ')}`);
    return { code: 'labels', message: `needs ${requirement.text}; nearest: ${near.join('; ')}` };
  }

  #busyReason(hosts: readonly HostRow[], unit: Unit, needs: string): Omit<WaitingReason, 'entryId'> {
    const busy = hosts.map((host) => ({ host, what: this.#business(host, unit.job) }));
    const free = busy.filter(({ what }) => what === undefined);
    const shown = busy.flatMap(({ host, what }) => (what === undefined ? [] : `${host.name} ${what}`));
    const list = [
      ...shown.slice(0, maxNamedHosts),
      ...(shown.length > maxNamedHosts ? [`${shown.length - maxNamedHosts} more are busy`] : []),
    ];
    if (unit.groupSize > 1) {
      const missing = Math.max(1, unit.groupSize - unit.held.length - free.length);
      const wish = `waits for ${missing} more ${missing === 1 ? 'host' : 'hosts'}`;
      return { code: 'siblings', message: [wish, ...list].join('; ') };
    }
    return { code: 'hosts', message: [...(needs ? [`needs ${needs}`] : []), ...list].join('; ') || 'waits for a host' };
  }

  /** What keeps a host from being given away; undefined for a free one. */
  #business(host: HostRow, job: JobRow): string | undefined {
    if (isLocked(host, this.#snapshot.now))
      return `is locked by ${host.lockedBy}${host.lockReason ? ` (${host.lockReason})` : ''}`;
    if (host.quarantineReason !== undefined) return `is quarantined (${host.quarantineReason})`;
    const lease = liveLease(this.#snapshot, host.id);
    const holder = lease?.holder.kind === 'entry' ? this.#jobOfEntry.get(lease.holder.id) : undefined;
    const forJob = holder === undefined || holder === job.id ? '' : ` for job ${holder}`;
    if (host.state === 'running') return holder === undefined ? 'is running a job' : `is running job ${holder}`;
    if (host.state === 'reserved') return `is held${forJob || ' for this job'}`;
    if (host.state !== 'ready') return `${doing(host.state)}${forJob}`;
    if (host.draining) return 'takes no new jobs (it is draining)';
    if (lease) return `is taken${forJob}`;
    const given = this.#pool.givenTo.get(host.id);
    return given === undefined || (given === job.id && groupSizeOf(job) > 1) ? undefined : `goes to job ${given} first`;
  }
}

function doing(state: HostRow['state']): string {
  switch (state) {
    case 'verifying':
      return 'is being verified';
    case 'cleaning':
      return 'is being cleaned';
    case 'repairing':
      return 'is being repaired';
    case 'provisioning':
      return 'is being provisioned';
    case 'repairFailed':
      return 'is set aside because verifying and repairing it failed';
    default:
      return `is ${state}`;
  }
}
