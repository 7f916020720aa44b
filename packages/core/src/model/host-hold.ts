/** Nobody's jobs get the host. */
export interface HostLock {
  readonly by: string;
  readonly reason: string;
  /** ms since the epoch; undefined: until somebody unlocks it. */
  readonly until?: number;
}

/** One person's jobs get the host. */
export interface HostReservation {
  readonly by: string;
  /** ms since the epoch. */
  readonly until: number;
  readonly reason?: string;
}

interface HoldFields {
  readonly lockedBy?: string;
  readonly lockReason?: string;
  readonly lockedUntil?: number;
  readonly reservedBy?: string;
  readonly reservedUntil?: number;
  readonly reserveReason?: string;
}

/** The lock that is in force; one that has run out is none. */
export function lockOf(host: HoldFields, now: number): HostLock | undefined {
  const { lockedBy: by, lockReason: reason = '', lockedUntil: until } = host;
  if (by === undefined || (until !== undefined && until <= now)) return undefined;
  return { by, reason, ...(until !== undefined && { until }) };
}

/** The reservation that is in force; one that has run out is none. */
export function reservationOf(host: HoldFields, now: number): HostReservation | undefined {
  const { reservedBy: by, reservedUntil: until, reserveReason: reason } = host;
  if (by === undefined || until === undefined || until <= now) return undefined;
  return { by, until, ...(reason !== undefined && { reason }) };
}
