import type { HostSpec } from '../../execution/spec.ts';
import type { TaskKind } from '../../model/task.ts';
import type { HostRow, TaskRow } from '../rows.ts';

type Reach = 'name' | 'transport' | 'address' | 'port' | 'user' | 'keyFile';

/** A host to be added; what is left out is empty, and nothing protects it. */
export interface NewHost extends Pick<HostSpec, Reach>, Partial<Omit<HostSpec, Reach>> {
  /** For one job only. */
  readonly oneTime?: boolean;
}

export interface HostStore {
  /** @throws AutotestError AT_ALREADY_EXISTS */
  add(host: NewHost, by: string): Promise<HostRow>;
  /** Adds all of them or none. Gives how many. @throws AutotestError AT_ALREADY_EXISTS */
  addMany(hosts: readonly NewHost[], by: string): Promise<number>;
  /** A change of how a host is reached has a host that is set aside verified again at once. */
  update(
    id: number,
    patch: Partial<
      Pick<
        HostRow,
        | 'address'
        | 'port'
        | 'user'
        | 'keyFile'
        | 'labels'
        | 'attributes'
        | 'protection'
        | 'hostKeys'
        | 'lockedBy'
        | 'lockReason'
        | 'lockedUntil'
        | 'draining'
        | 'quarantineReason'
        | 'dirty'
      >
    > & { unlock?: boolean; clearQuarantine?: boolean },
    by: string,
  ): Promise<HostRow>;
  byName(name: string): Promise<HostRow | undefined>;
  byId(id: number): Promise<HostRow | undefined>;
  /** By name, ascending; keyset by name. */
  list(query: { first: number; afterName?: string; state?: string; label?: string }): Promise<HostRow[]>;
  all(): Promise<HostRow[]>;
  /** Pins a key for a host that has none; false if it has some. */
  pinKey(id: number, key: string): Promise<boolean>;
  /** Adds labels to hosts and takes labels off them, in one transaction; gives the hosts that it changed. @throws AutotestError AT_NOT_FOUND */
  updateLabels(
    ids: readonly number[],
    change: { readonly add?: readonly string[]; readonly remove?: readonly string[] },
    by: string,
  ): Promise<HostRow[]>;
  /** Keeps all jobs away; one's own lock gets another reason and end. @throws AutotestError AT_NOT_FOUND, AT_HOST_LOCKED: somebody else locked it */
  lock(id: number, lock: { readonly reason: string; readonly until?: number }, by: string): Promise<HostRow>;
  /** Without effect where nobody locked it. `force`: also a lock of somebody else. @throws AutotestError AT_NOT_FOUND, AT_HOST_LOCKED */
  unlock(id: number, by: string, options?: { readonly force?: boolean }): Promise<HostRow>;
  /**
   * Keeps jobs of others away until then; what runs goes on. One's own reservation is replaced.
   *
   * @throws AutotestError AT_NOT_FOUND, AT_HOST_RESERVED: somebody else has it
   */
  reserve(
    id: number,
    reservation: { readonly by: string; readonly until: number; readonly reason?: string },
    requestedBy: string,
  ): Promise<HostRow>;
  /** Moves the end of a reservation on, never back. @throws AutotestError AT_NOT_FOUND, AT_HOST_NOT_RESERVED: it ended, or is somebody else's */
  extendReservation(id: number, reservation: { readonly by: string; readonly until: number }): Promise<HostRow>;
  /** Without effect where nobody has it. `force`: also what somebody else has. @throws AutotestError AT_NOT_FOUND, AT_HOST_RESERVED */
  release(id: number, by: string, options?: { readonly force?: boolean }): Promise<HostRow>;
  /** Asks for a special task of its own; `repeated`: one of this kind was asked for already and waits. @throws AutotestError AT_NOT_FOUND */
  requestTask(id: number, kind: TaskKind, by: string): Promise<{ task: TaskRow; repeated: boolean }>;
}
