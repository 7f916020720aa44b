import type { Database, UserRow } from '@autotest/core/db';
import { MissingError } from '../errors.ts';

/** @throws MissingError */
export async function findUser({ users }: Database, login: string): Promise<UserRow> {
  const user = await users.byLogin(login);
  if (user === undefined) throw new MissingError('user', login);
  return user;
}
