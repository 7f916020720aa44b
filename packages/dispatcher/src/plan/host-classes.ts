import { reservationOf } from '@autotest/core';
import type { HostRow } from '@autotest/core/db';
import { addTo, removeFrom } from '../world/multimap.ts';
import type { World } from '../world/world.ts';
import { HostClass } from './host-class.ts';
import { conditionOf } from './host-state.ts';

/** All hosts by class. Classes come and go with the hosts. */
export class HostClasses {
  readonly byKey = new Map<string, HostClass>();
  readonly #homes = new Map<number, HostClass>();
  readonly #byLabel = new Map<string, Set<HostClass>>();
  /** Classes that have a free host now. */
  readonly withFree = new Set<HostClass>();
  readonly #onClass: (home: HostClass, exists: boolean) => void;

  /** @param onClass told of each class that appears and disappears */
  constructor(onClass: (home: HostClass, exists: boolean) => void) {
    this.#onClass = onClass;
  }

  homeOf(hostId: number): HostClass | undefined {
    return this.#homes.get(hostId);
  }

  /** Classes that carry a label. */
  carrying(label: string): ReadonlySet<HostClass> {
    return this.#byLabel.get(label) ?? nothing;
  }

  /** Brings a host's place up to date; gives its class if the host is free there now. */
  update(hostId: number, world: World, now: number): HostClass | undefined {
    const host = world.hosts.get(hostId);
    const before = this.#homes.get(hostId);
    if (!host) {
      if (before) this.#leave(hostId, before);
      return undefined;
    }
    const groups = world.groupsOfHosts.get(hostId) ?? [];
    const reservedBy = reservationOf(host, now)?.by;
    const key = keyOf(host, groups, reservedBy);
    if (before && before.key !== key) this.#leave(hostId, before);
    const home = this.byKey.get(key) ?? this.#found(key, host, groups, reservedBy);
    this.#homes.set(hostId, home);
    const condition = conditionOf(host, world, now);
    home.set(host, condition);
    this.#noteFree(home);
    return condition === 'free' ? home : undefined;
  }

  #found(key: string, host: HostRow, groups: readonly number[], reservedBy: string | undefined): HostClass {
    const home = new HostClass(key, host, groups, reservedBy);
    this.byKey.set(key, home);
    for (const label of home.labels.labels) addTo(this.#byLabel, label, home);
    this.#onClass(home, true);
    return home;
  }

  #leave(hostId: number, home: HostClass): void {
    home.remove(hostId);
    this.#homes.delete(hostId);
    this.#noteFree(home);
    if (home.members.size > 0) return;
    this.byKey.delete(home.key);
    for (const label of home.labels.labels) removeFrom(this.#byLabel, label, home);
    this.#onClass(home, false);
  }

  #noteFree(home: HostClass): void {
    if (home.freeCount > 0) this.withFree.add(home);
    else this.withFree.delete(home);
  }
}

const nothing: ReadonlySet<HostClass> = new Set();

function keyOf(host: HostRow, groups: readonly number[], reservedBy: string | undefined): string {
  const own = host.oneTime ? `#${host.id}` : '';
  return (
    [...host.labels].sort().join('\n') + `\0${[...groups].sort((a, b) => a - b).join(',')}\0${reservedBy ?? ''}\0${own}`
  );
}
