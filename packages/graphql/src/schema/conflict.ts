import {
  AlreadyExistsError,
  HostLockedError,
  HostNotReservedError,
  HostReservedError,
  NotFoundError,
} from '@autotest/core/db';
import { ConflictError } from '../errors.ts';

const told = [AlreadyExistsError, NotFoundError, HostLockedError, HostNotReservedError, HostReservedError];

/**
 * What a store gave, with its refusals as something that a client is told.
 *
 * @throws ConflictError
 */
export async function orConflict<T>(change: Promise<T>): Promise<T> {
  try {
    return await change;
  } catch (error) {
    for (const known of told) if (error instanceof known) throw new ConflictError(error);
    throw error;
  }
}
