import { isAtLeastAsBad, worseStatus, type ClassicStatus } from './status.ts';

const maxReasons = 200;

/** Status and reasons of one open level of a log. A level only gets worse. */
export interface Standing {
  status: ClassicStatus;
  readonly reasons: Set<string>;
}

export function newStanding(): Standing {
  return { status: 'NOSTATUS', reasons: new Set() };
}

/** A message counts as a reason where its status is at least as bad as the worst before it. */
export function note(standing: Standing, status: ClassicStatus, message: string): void {
  if (message !== '' && isAtLeastAsBad(status, standing.status)) addReason(standing, message);
  standing.status = worseStatus(status, standing.status);
}

/** What an inner test means for the one it ran in: the status counts, the reasons only where they explain something bad. */
export function noteInner(standing: Standing, inner: Standing): void {
  const explains = inner.status !== 'GOOD' && isAtLeastAsBad(inner.status, standing.status);
  if (explains) for (const reason of inner.reasons) addReason(standing, reason);
  standing.status = worseStatus(inner.status, standing.status);
}

/** Reasons sorted and joined, without those that are part of another. */
export function joinReasons(reasons: ReadonlySet<string>): string {
  if (reasons.size === 0) return '';
  if (reasons.size === 1) return reasons.values().next().value ?? '';
  const longestFirst = [...reasons].sort((a, b) => b.length - a.length);
  const kept: string[] = [];
  for (const reason of longestFirst) if (!kept.some((other) => other.includes(reason))) kept.push(reason);
  return kept.sort().join(', ');
}

function addReason(standing: Standing, reason: string): void {
  if (standing.reasons.size < maxReasons) standing.reasons.add(reason);
}
