import type { EntryRow, Snapshot } from '@autotest/core/db';
import { planGroups } from './groups.ts';
import { HostPool } from './host-pool.ts';
import { planEndings, planInterrupts } from './limits.ts';
import { placeUnits, type Placement } from './place.ts';
import { Reasons } from './reasons.ts';
import { Requirements } from './requirement.ts';
import { occupying, planReverifications, planTaskStarts } from './tasks.ts';
import type { Plan, PlanLimits, WaitingReason } from './types.ts';
import { planUnits } from './units.ts';
import { nextWake } from './wake.ts';

/**
 * Decides what to do next, from nothing but a snapshot and limits: who gets which host, what starts, what ends, and for every
 * entry that gets nothing, why. Changes nothing and asks nobody.
 */
export function plan(snapshot: Snapshot, limits: PlanLimits): Plan {
  const endings = planEndings(snapshot);
  const unwanted = new Set(endings.map(({ entry }) => entry.id));
  const { groups, waiting: incomplete, stopped } = planGroups(snapshot, unwanted);
  const ended = new Set([...unwanted, ...stopped.map(({ entry }) => entry.id)]);

  // Started tasks and jobs share the places of this dispatcher; jobs whose hosts are ready go first.
  const free = Math.max(0, limits.maxExecutions - occupying(snapshot.executions, limits.dispatcherId));
  const places = limits.shortage === undefined ? free : 0;
  const startable = groups.filter((group) => group.every((entry) => isOpen(entry, limits)));
  const starts = byRank(startable, snapshot).slice(0, places);
  const taskStarts = planTaskStarts(snapshot, limits).slice(0, places - starts.length);

  const requirements = new Requirements();
  const pool = new HostPool(snapshot, limits.paused);
  const placement = placeUnits(planUnits(snapshot, ended), pool, requirements, limits.paused, snapshot);
  const reasons = new Reasons(snapshot, pool, requirements);
  const waiting = [
    ...preparingReasons(snapshot, ended, reasons, limits),
    ...incomplete.map(({ entry, missing }) => reasons.ofReady(entry, missing)),
    ...startable
      .filter((group) => !starts.includes(group))
      .flatMap((group) => group.map((entry) => reasons.ofCapacity(entry, limits))),
    ...unplacedReasons(placement, reasons, limits),
  ];
  return {
    endings: [...endings, ...stopped],
    interrupts: planInterrupts(snapshot),
    taskStarts,
    assignments: placement.assignments,
    starts,
    yields: placement.yields,
    newTasks: planReverifications(snapshot, limits).map((hostId) => ({ hostId, kind: 'verify' as const })),
    waiting: changed(waiting, snapshot),
    wakeAt: nextWake(snapshot),
  };
}

function isOpen(entry: EntryRow, limits: PlanLimits): boolean {
  return !limits.paused.has(`entry:${entry.id}`);
}

function byRank(groups: readonly (readonly EntryRow[])[], snapshot: Snapshot): (readonly EntryRow[])[] {
  const rank = ([entry]: readonly EntryRow[]) => (entry ? snapshot.jobs.get(entry.jobId)?.priority : undefined) ?? 0;
  return [...groups].sort((a, b) => rank(b) - rank(a) || (a[0]?.jobId ?? 0) - (b[0]?.jobId ?? 0));
}

function preparingReasons(
  snapshot: Snapshot,
  ended: ReadonlySet<number>,
  reasons: Reasons,
  limits: PlanLimits,
): WaitingReason[] {
  const queued = new Set(snapshot.tasks.filter(({ state }) => state === 'queued').map(({ entryId }) => entryId));
  return snapshot.entries
    .filter((entry) => entry.state === 'preparing' && !ended.has(entry.id))
    .map((entry) =>
      limits.shortage !== undefined && queued.has(entry.id)
        ? reasons.ofCapacity(entry, limits)
        : reasons.ofPreparing(entry),
    );
}

/** Hosts that are busy may be so because nothing can start on them: then that is what helps to know. */
function unplacedReasons({ unplaced }: Placement, reasons: Reasons, limits: PlanLimits): WaitingReason[] {
  return unplaced.map(({ entry, unit }) => {
    const reason = reasons.ofUnplaced(entry, unit);
    return limits.shortage !== undefined && reason.code === 'hosts' ? reasons.ofCapacity(entry, limits) : reason;
  });
}

/** Only what is not stored already, so that a plan which changes nothing writes nothing. */
function changed(waiting: readonly WaitingReason[], snapshot: Snapshot): WaitingReason[] {
  const open = new Set(snapshot.entries.map(({ id }) => id));
  return waiting.filter(({ entryId }) => open.has(entryId));
}
