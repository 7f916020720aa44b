import { shallowReactive } from 'vue';
import type { HostLineFragment, HostState } from '../../generated/graphql.ts';

/** Order of the tiles: what needs somebody first, what is free last. */
export const tileStates: readonly HostState[] = [
  'repairFailed',
  'repairing',
  'running',
  'reserved',
  'verifying',
  'cleaning',
  'provisioning',
  'ready',
];

/** All hosts by id, kept current by events that bring a host as it is now. */
export class HostList {
  readonly hosts = shallowReactive(new Map<string, HostLineFragment>());
  /** Ids in order of names. */
  readonly order = shallowReactive<string[]>([]);
  /** How many are in each state. */
  readonly counts = shallowReactive(new Map<HostState, number>());

  put(host: HostLineFragment): void {
    const old = this.hosts.get(host.id);
    this.hosts.set(host.id, host);
    if (old === undefined) this.order.splice(this.#placeOf(host.name), 0, host.id);
    if (old?.state === host.state) return;
    if (old !== undefined) this.counts.set(old.state, (this.counts.get(old.state) ?? 1) - 1);
    this.counts.set(host.state, (this.counts.get(host.state) ?? 0) + 1);
  }

  /** Where a name belongs: binary search. */
  #placeOf(name: string): number {
    let low = 0;
    let high = this.order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = this.hosts.get(this.order[middle] ?? '')?.name ?? '';
      if (other < name) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
