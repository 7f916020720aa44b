import { prepareLabels, type LabelSet } from '@autotest/core';
import type { HostRow } from '@autotest/core/db';
import { hostConditions, type HostCondition } from './host-state.ts';

const healthSteps = 10;

/**
 * Hosts that are alike to everybody who asks: same labels, same groups, reserved for the same person. What is asked of hosts is asked of a class, once. Free ones are kept
 * by health, the healthiest first; among those of equal health the one that has been free for longest.
 */
export class HostClass {
  readonly key: string;
  readonly labels: LabelSet;
  readonly labelList: readonly string[];
  readonly groups: readonly number[];
  readonly reservedBy: string | undefined;
  /** Takes part only where it is named. */
  readonly isOneTime: boolean;
  readonly members = new Map<number, HostCondition>();
  readonly counts: Record<HostCondition, number>;
  freeCount = 0;
  readonly #free: Set<number>[] = Array.from({ length: healthSteps + 1 }, () => new Set());
  readonly #stepOf = new Map<number, number>();

  constructor(key: string, host: HostRow, groups: readonly number[], reservedBy: string | undefined) {
    this.key = key;
    this.labelList = host.labels;
    this.labels = prepareLabels(host.labels);
    this.groups = groups;
    this.reservedBy = reservedBy;
    this.isOneTime = host.oneTime;
    this.counts = { free: 0, busy: 0, draining: 0, locked: 0, quarantined: 0, repairFailed: 0 };
  }

  set(host: HostRow, condition: HostCondition): void {
    const before = this.members.get(host.id);
    if (before !== undefined) this.counts[before]--;
    this.members.set(host.id, condition);
    this.counts[condition]++;
    const step = Math.round(Math.min(1, Math.max(0, host.health)) * healthSteps);
    if (condition === 'free' && before === 'free' && this.#stepOf.get(host.id) === step) return;
    this.#leave(host.id);
    if (condition !== 'free') return;
    this.#free[step]?.add(host.id);
    this.#stepOf.set(host.id, step);
    this.freeCount++;
  }

  remove(hostId: number): void {
    const condition = this.members.get(hostId);
    if (condition === undefined) return;
    this.counts[condition]--;
    this.members.delete(hostId);
    this.#leave(hostId);
  }

  /** Free hosts, the healthiest first. */
  *free(): Generator<number> {
    for (let step = healthSteps; step >= 0; step--) yield* this.#free[step] ?? [];
  }

  #leave(hostId: number): void {
    const step = this.#stepOf.get(hostId);
    if (step === undefined) return;
    this.#free[step]?.delete(hostId);
    this.#stepOf.delete(hostId);
    this.freeCount--;
  }
}

/** Counts of several classes together. */
export function sumCounts(classes: Iterable<HostClass>): Record<HostCondition, number> {
  const sum = { free: 0, busy: 0, draining: 0, locked: 0, quarantined: 0, repairFailed: 0 };
  for (const { counts } of classes) for (const condition of hostConditions) sum[condition] += counts[condition];
  return sum;
}
