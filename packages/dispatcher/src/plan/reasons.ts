import { createHash } from 'node:crypto';
import { lockOf, reservationOf, type UnmetConstraint, type WaitReason } from '@autotest/core';
import type { HostRow } from '@autotest/core/db';
import type { World } from '../world/world.ts';
import type { Crew } from './crew.ts';
import { groupSizeOf, heldBack, mayUse, type Demand } from './demand.ts';
import type { Demands } from './demands.ts';
import { expectedEndAt } from './expected-end.ts';
import type { HostClass } from './host-class.ts';
import { sumCounts } from './host-class.ts';
import type { Placer } from './placer.ts';
import type { Wait } from './wait.ts';

const maxNamedHosts = 3;
const maxLookedAt = 200;
/** At most so many queues are explained and so many entries tied to their reasons at once: placing goes before. */
const maxExplained = 25;
const maxTied = 500;
/** A reason is not found out again sooner. */
const freshMs = 1000;

/**
 * Says why entries wait. A reason belongs to a queue, so it is found out and stored once for all that wait in it. Queues that changed come first; the others take turns, so that
 * each reason is current within seconds, and what that costs does not depend on the size of the lab.
 */
export class Reasons {
  readonly #world: World;
  readonly #demands: Demands;
  readonly #crew: Crew;
  readonly #placer: Placer;
  readonly #touched = new Set<Demand>();
  /** Reasons of single entries, by text: of those that are in no queue. */
  readonly #single = new Map<string, { reason: WaitReason; entryIds: Set<number> }>();
  #turns: Iterator<Demand> = [].values();

  constructor(world: World, demands: Demands, crew: Crew, placer: Placer) {
    this.#world = world;
    this.#demands = demands;
    this.#crew = crew;
    this.#placer = placer;
  }

  touch(demand: Demand): void {
    if (demand.queue.size > 0) this.#touched.add(demand);
  }

  /** What waits for this very host has something to hear. */
  touchHost(hostId: number): void {
    for (const demand of this.#demands.naming(hostId)) this.touch(demand);
  }

  /** Says why an entry waits that is in no queue. */
  explain(entryId: number, reason: WaitReason): void {
    const key = `${reason.code}:${reason.message}`;
    const known = this.#single.get(key);
    if (known) known.entryIds.add(entryId);
    else this.#single.set(key, { reason, entryIds: new Set([entryId]) });
  }

  /** Reasons that changed, and entries that wait for one from now on; a bounded number. */
  changed(now: number): Wait[] {
    const waits: Wait[] = [];
    for (const [key, { reason, entryIds }] of this.#single) {
      waits.push({ key: sha1Hex(key), reason, entryIds: [...entryIds] });
      this.#single.delete(key);
      if (waits.length >= maxExplained) return waits;
    }
    let tied = 0;
    for (const demand of this.#next(now)) {
      const reason = this.#reasonOf(demand, now);
      const text = JSON.stringify(reason);
      const entryIds = [...demand.untied].slice(0, maxTied - tied);
      for (const entryId of entryIds) demand.untied.delete(entryId);
      if (demand.untied.size > 0) this.#touched.add(demand);
      demand.reasonAt = now;
      if (text === demand.reason && entryIds.length === 0) continue;
      demand.reason = text;
      tied += entryIds.length;
      waits.push({ key: sha1Hex(demand.key), reason, entryIds });
      if (tied >= maxTied) break;
    }
    return waits;
  }

  /** Queues to be explained now. */
  *#next(now: number): Generator<Demand> {
    let count = 0;
    for (const demand of this.#touched) {
      if (count >= maxExplained) return;
      if (demand.untied.size === 0 && now - demand.reasonAt < freshMs) continue;
      this.#touched.delete(demand);
      if (demand.queue.size === 0) continue;
      count++;
      yield demand;
    }
    for (; count < maxExplained; count++) {
      const turn = this.#turns.next();
      if (turn.done) {
        this.#turns = [...this.#demands.byKey.values()].values();
        return;
      }
      if (turn.value.queue.size > 0 && now - turn.value.reasonAt >= freshMs) yield turn.value;
    }
  }

  #reasonOf(demand: Demand, now: number): WaitReason {
    const { requirement } = demand;
    if (requirement.problem !== undefined) return { code: 'labels', message: requirement.problem };
    const job = this.#anyJob(demand);
    // Hosts may be busy for the same reason: nothing can start on them.
    if (this.#placer.isCrowded(demand) || (job && this.#crew.isShort(job)))
      return { code: 'capacity', ...this.#crew.explain(job ?? { owner: '' }) };
    const limited = this.#placer.limitOf(demand);
    if (limited !== undefined) return limited;
    if (demand.kind === 'named') return this.#ofNamed(demand, now);
    if (demand.kind === 'hostless') return { code: 'capacity', message: 'is about to start' };
    return this.#ofFitting(demand, now);
  }

  #anyJob(demand: Demand) {
    for (const entryId of demand.queue.entryIds()) {
      const entry = this.#world.entries.get(entryId);
      const job = entry && this.#world.jobs.get(entry.jobId);
      if (job) return job;
    }
    return undefined;
  }

  #ofNamed(demand: Demand, now: number): WaitReason {
    const host = this.#world.hosts.get(demand.hostIds[0] ?? 0);
    if (!host) return { code: 'hosts', message: 'its host does not exist any more' };
    const unmet = demand.requirement.unmet(host.labels);
    if (unmet.length > 0 && !host.oneTime) {
      const message = `needs ${demand.requirement.text}; ${host.name} lacks ${unmet.join(', ')}`;
      const nearest = [{ host: host.name, lacks: unmet.join(', ') }];
      const constraints = [{ needs: demand.requirement.text, nearest }];
      return { code: 'labels', message, constraints, unblock: [`${host.name} gets ${unmet.join(', ')}`] };
    }
    const home = this.#demands.classes.homeOf(host.id);
    if (home && !host.oneTime && !mayUse(home, demand.principal)) return this.#ofAccess(host, now);
    return this.#ofBusy([host], demand, now, '');
  }

  #ofAccess(host: HostRow, now: number): WaitReason {
    const reservation = reservationOf(host, now);
    const message =
      reservation === undefined
        ? `${host.name} belongs to a group of which the owner is no member`
        : `${host.name} is reserved for ${reservation.by} until ${iso(reservation.until)}`;
    const unblock =
      reservation === undefined ? [`the owner joins a group of ${host.name}`] : [`autotest host release ${host.name}`];
    return { code: 'access', message, unblock };
  }

  #ofFitting(demand: Demand, now: number): WaitReason {
    const homes = [...demand.classes];
    if (homes.length === 0) return this.#ofNone(demand);
    const hosts: HostRow[] = [];
    for (const home of homes)
      for (const hostId of home.members.keys()) {
        const host = this.#world.hosts.get(hostId);
        if (host) hosts.push(host);
        if (hosts.length >= maxLookedAt) return this.#ofBusy(hosts, demand, now, demand.requirement.text, homes);
      }
    return this.#ofBusy(hosts, demand, now, demand.requirement.text, homes);
  }

  /** No host fits at all: says what the nearest lack. */
  #ofNone(demand: Demand): WaitReason {
    if (this.#world.hosts.size === 0)
      return { code: 'hosts', message: 'there are no hosts yet; add one', unblock: ['autotest host add NAME'] };
    const { requirement, principal } = demand;
    const near = [...this.#demands.classes.byKey.values()]
      .filter(({ isOneTime }) => !isOneTime)
      .map((home) => ({ home, lacks: this.#lacks(home, demand) }))
      .sort((a, b) => a.lacks.length - b.lacks.length)
      .slice(0, maxNamedHosts);
    const nearest = near.map(({ home, lacks }) => ({ host: this.#nameOf(home), lacks: lacks.join(', ') }));
    const isAccess = near.some(({ home }) => requirement.holds(home.labels) && !mayUse(home, principal));
    const needs = requirement.text === '' ? 'any host' : requirement.text;
    const constraints: UnmetConstraint[] = [{ needs, nearest }];
    const message = `needs ${needs}; nearest: ${nearest.map(({ host, lacks }) => `${host} lacks ${lacks}`).join('; ')}`;
    const unblock = nearest.map(({ host, lacks }) => `${host} gets ${lacks}`);
    return { code: isAccess ? 'access' : 'labels', message, constraints, unblock };
  }

  #lacks(home: HostClass, demand: Demand): string[] {
    const back = heldBack(home, demand.requirement, this.#world.onlyIfNeeded);
    return [
      ...demand.requirement.unmet(home.labelList),
      ...back.map((label) => `a job that asks for its label ${label}`),
      ...(mayUse(home, demand.principal)
        ? []
        : [
            home.reservedBy === undefined
              ? 'a group in common with the owner'
              : `an end of its reservation for ${home.reservedBy}`,
          ]),
    ];
  }

  #ofBusy(
    hosts: readonly HostRow[],
    demand: Demand,
    now: number,
    needs: string,
    homes?: readonly HostClass[],
  ): WaitReason {
    const job = this.#anyJob(demand);
    const busy = hosts.flatMap((host) => {
      const what = this.#business(host, demand, now);
      return what === undefined ? [] : { host: host.name, lacks: what };
    });
    const total = homes ? homes.reduce((sum, { members }) => sum + members.size, 0) : hosts.length;
    const free = homes ? sumCounts(homes).free : hosts.length - busy.length;
    const shown = busy.slice(0, maxNamedHosts);
    const more = total - free - shown.length;
    const list = [
      ...shown.map(({ host, lacks }) => `${host} ${lacks}`),
      ...(more > 0 ? [`${more} more are busy`] : []),
    ];
    const expectedAt = this.#expectedAt(hosts, now);
    const details = {
      constraints: [{ needs: needs === '' ? 'its host' : needs, count: total, nearest: shown }],
      unblock: shown.length > 0 ? [`${total === 1 ? shown[0]?.host : `one of ${total} hosts`} is free`] : [],
      ...(expectedAt !== undefined && { expectedAt }),
    };
    if (demand.kind === 'group' && job) {
      const held = this.#world.entriesOf(job.id).filter(({ state }) => state === 'preparing' || state === 'ready');
      const missing = Math.max(1, groupSizeOf(job) - (held.length % groupSizeOf(job)) - free);
      const wish = `waits for ${missing} more ${missing === 1 ? 'host' : 'hosts'}`;
      return { code: 'siblings', message: [wish, ...list].join('; '), ...details };
    }
    const message = [...(needs === '' ? [] : [`needs ${needs}`]), ...list].join('; ') || 'waits for a host';
    return { code: 'hosts', message, ...details };
  }

  /** When the first of these hosts is expected to be free. */
  #expectedAt(hosts: readonly HostRow[], now: number): number | undefined {
    let first: number | undefined;
    for (const host of hosts.slice(0, maxLookedAt)) {
      const at = expectedEndAt(this.#world, host.id, now);
      if (at !== undefined && (first === undefined || at < first)) first = at;
    }
    return first;
  }

  #nameOf(home: HostClass): string {
    for (const hostId of home.members.keys()) return this.#world.hosts.get(hostId)?.name ?? `host ${hostId}`;
    return 'a host';
  }

  /** What keeps a host from being given away; undefined for a free one. */
  #business(host: HostRow, demand: Demand, now: number): string | undefined {
    const lock = lockOf(host, now);
    if (lock) return `is locked by ${lock.by}${lock.reason ? ` (${lock.reason})` : ''}`;
    if (host.quarantineReason !== undefined) return `is quarantined (${host.quarantineReason})`;
    const lease = this.#world.heldLease(host.id);
    const holder = lease?.holder.kind === 'entry' ? this.#world.entries.get(lease.holder.id)?.jobId : undefined;
    const forJob = holder === undefined || holder === demand.jobId ? '' : ` for job ${holder}`;
    if (host.state === 'running') return holder === undefined ? 'is running a job' : `is running job ${holder}`;
    if (host.state === 'reserved') return `is held${forJob || ' for this job'}`;
    if (host.state !== 'ready') return `${doing(host.state)}${forJob}`;
    if (host.draining) return 'takes no new jobs (it is draining)';
    if (lease) return `is taken${forJob}`;
    for (const { jobId } of this.#placer.earmarks.keptFor(host.id))
      if (jobId !== demand.jobId) return `is kept for job ${jobId}, which waits for more hosts`;
    return undefined;
  }
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
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

function sha1Hex(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}
