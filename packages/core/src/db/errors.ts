import { AutotestError, messageOf } from '../errors/autotest-error.ts';
import type { HostLock, HostReservation } from '../model/host-hold.ts';

/** Thrown when a database URL cannot be understood. */
export class DatabaseUrlError extends AutotestError {
  constructor(problem: string) {
    super(
      'AT_DATABASE_URL',
      `The database URL ${problem}; use sqlite:<file>, mysql://user:password@host:port/database or mariadb://…`,
    );
    this.name = 'DatabaseUrlError';
  }
}

/** Thrown when a database cannot be opened: nothing listens, nobody may log in, or the file cannot be used. */
export class DatabaseUnreachableError extends AutotestError {
  constructor(where: string, remedy: string, cause: unknown) {
    super('AT_DATABASE_UNREACHABLE', `The database at ${where} cannot be opened (${messageOf(cause)}); ${remedy}`, {
      cause,
      details: { where },
    });
    this.name = 'DatabaseUnreachableError';
  }
}

/** Thrown when the tables are older (or newer) than this version needs. */
export class DatabaseOutdatedError extends AutotestError {
  constructor(where: string, missing: readonly string[], unknown: readonly string[]) {
    super(
      'AT_DATABASE_OUTDATED',
      unknown.length > 0
        ? `The database at ${where} was changed by a newer version (${unknown.join(', ')}); start that version of Autotest or a later one.`
        : `The database at ${where} lacks ${missing.length === 1 ? 'a migration' : `${missing.length} migrations`} (${missing.join(', ')}); open it with { migrate: true } or start the server once.`,
      { details: { where, missing, unknown } },
    );
    this.name = 'DatabaseOutdatedError';
  }
}

/** Thrown when something of this name exists already. */
export class AlreadyExistsError extends AutotestError {
  constructor(what: string, name: string, cause?: unknown) {
    super('AT_ALREADY_EXISTS', `A ${what} named ${JSON.stringify(name)} exists already; choose another name.`, {
      cause,
      details: { what, name },
    });
    this.name = 'AlreadyExistsError';
  }
}

/** Thrown when a row that is to be changed does not exist. */
export class NotFoundError extends AutotestError {
  constructor(what: string, id: number | string) {
    super('AT_NOT_FOUND', `There is no ${what} ${id}; it may have been deleted.`, { details: { what, id } });
    this.name = 'NotFoundError';
  }
}

/** Thrown when a dispatcher writes that was declared dead, or whose id another process has by now. Nothing is written. */
export class FencedError extends AutotestError {
  constructor(dispatcherId: string, epoch: number) {
    super(
      'AT_FENCED',
      `The dispatcher ${dispatcherId} may not write any more (epoch ${epoch}): it was silent for too long and others took over its work, or it was started again. Start it anew.`,
      { details: { dispatcherId, epoch } },
    );
    this.name = 'FencedError';
  }
}

/** Thrown when a job is to wait for another one that does not exist, or that can never end as asked. */
export class DependencyError extends AutotestError {
  constructor(problem: string) {
    super('AT_DEPENDENCY', problem);
    this.name = 'DependencyError';
  }
}

/** Thrown when a one-time host has the name of a registered host, or of another job's one-time host that is reached otherwise. */
export class HostTakenError extends AutotestError {
  constructor(name: string, remedy: string) {
    super('AT_HOST_TAKEN', `There is a host ${JSON.stringify(name)} already; ${remedy}.`, { details: { name } });
    this.name = 'HostTakenError';
  }
}

/** Thrown when a recurring job has a schedule that cannot be read, or that never comes. */
export class ScheduleError extends AutotestError {
  constructor(problem: string) {
    super('AT_SCHEDULE', problem);
    this.name = 'ScheduleError';
  }
}

/** Thrown when the owner of a recurring job may not submit jobs any more. */
export class OwnerError extends AutotestError {
  constructor(owner: string, why: string) {
    super('AT_OWNER', `Its owner ${owner} ${why}; let somebody else add it anew.`, { details: { owner } });
    this.name = 'OwnerError';
  }
}

/** Thrown when a host is to be locked or unlocked that somebody else locked. */
export class HostLockedError extends AutotestError {
  constructor(host: string, lock: HostLock) {
    const until = lock.until === undefined ? '' : ` until ${new Date(lock.until).toISOString()}`;
    super(
      'AT_HOST_LOCKED',
      `${lock.by} locked ${host}${until}${quoteReason(lock.reason)}; only ${lock.by} and administrators can unlock it.`,
      { details: { host, ...lock } },
    );
    this.name = 'HostLockedError';
  }
}

/** Thrown when a host is to be reserved, released or used that somebody else has reserved. */
export class HostReservedError extends AutotestError {
  constructor(host: string, reservation: HostReservation) {
    const until = new Date(reservation.until).toISOString();
    super(
      'AT_HOST_RESERVED',
      `${reservation.by} has reserved ${host} until ${until}${quoteReason(reservation.reason)}; ask ${reservation.by} to release it, or wait until then.`,
      { details: { host, ...reservation } },
    );
    this.name = 'HostReservedError';
  }
}

/** Thrown when a reservation is to be extended that is none any more. */
export class HostNotReservedError extends AutotestError {
  constructor(host: string, by: string) {
    super('AT_HOST_NOT_RESERVED', `${by} has not reserved ${host}, or not any more; reserve it again.`, {
      details: { host, by },
    });
    this.name = 'HostNotReservedError';
  }
}

function quoteReason(reason: string | undefined): string {
  return reason === undefined || reason === '' ? '' : ` (${reason})`;
}
