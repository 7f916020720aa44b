import { AlreadyExistsError, type Database, type UserRow } from '@autotest/core/db';

/** Makes the first user, an administrator, where there is no user yet. `user` is undefined where there are others and none of this name. */
export async function createFirstAdmin(
  database: Database,
  login: string,
): Promise<{ created: boolean; user: UserRow | undefined }> {
  if ((await database.users.count()) > 0) return { created: false, user: await database.users.byLogin(login) };
  try {
    return { created: true, user: await database.users.add({ login, role: 'admin' }) };
  } catch (error) {
    // Another server started at the same moment.
    if (error instanceof AlreadyExistsError) return { created: false, user: await database.users.byLogin(login) };
    throw error;
  }
}
