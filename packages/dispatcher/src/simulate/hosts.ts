import type { Random } from '@autotest/core/testing';
import { noRates, type Rates } from './scenario.ts';
import { Violation } from './violation.ts';

/** A machine under test as it really is, whatever the rows say. */
export interface RealHost {
  readonly id: number;
  readonly name: string;
  readonly labels: readonly string[];
  readonly random: Random;
  /** It can be reached. */
  isUp: boolean;
  /** A part of it is broken until a repair mends it. */
  isBroken: boolean;
  /** The execution that works on it at this moment. */
  user: number | undefined;
  /** How long something has worked on it, ms. */
  busyMs: number;
  usedSinceMs: number;
}

/** The hosts of the lab. */
export class RealHosts {
  readonly byId = new Map<number, RealHost>();
  #rates: Rates;

  constructor(rates: Rates) {
    this.#rates = rates;
  }

  add(id: number, name: string, labels: readonly string[], random: Random): void {
    this.byId.set(id, {
      id,
      name,
      labels,
      random,
      isUp: true,
      isBroken: false,
      user: undefined,
      busyMs: 0,
      usedSinceMs: 0,
    });
  }

  get(id: number): RealHost {
    const host = this.byId.get(id);
    if (!host) throw new Error(`there is no host ${id}`);
    return host;
  }

  /** An execution begins to work on hosts. @throws Violation when another one does */
  occupy(ids: readonly number[], executionId: number, nowMs: number): void {
    for (const id of ids) {
      const host = this.get(id);
      if (host.user !== undefined)
        throw new Violation(
          'one user a host',
          `execution ${executionId} begins on ${host.name} while execution ${host.user} works there`,
        );
      host.user = executionId;
      host.usedSinceMs = nowMs;
      if (host.random.chance(this.#rates.verifyFails)) host.isBroken = true;
    }
  }

  leave(ids: readonly number[], executionId: number, nowMs: number): void {
    for (const id of ids) {
      const host = this.get(id);
      if (host.user !== executionId) continue;
      host.user = undefined;
      host.busyMs += nowMs - host.usedSinceMs;
    }
  }

  /** All are well, and nothing breaks any more. */
  mend(): void {
    this.#rates = noRates;
    for (const host of this.byId.values()) {
      host.isUp = true;
      host.isBroken = false;
    }
  }

  isFit(id: number): boolean {
    const { isUp, isBroken } = this.get(id);
    return isUp && !isBroken;
  }
}
