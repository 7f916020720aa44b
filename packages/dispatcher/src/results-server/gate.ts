import { realpath } from 'node:fs/promises';
import { isAbsolute, relative } from 'node:path';
import type { Database } from '@autotest/core/db';
import type { ResultsClaim } from '@autotest/core/node';

/**
 * Which directories are served. A token says which one it opens, but a token alone must not open everything on this machine: it has to lie in truth below the results root; or the
 * database says that it belongs to an execution of this dispatcher, which may have taken it over from another one of this machine.
 */
export function makeGate(options: {
  readonly database: Pick<Database, 'jobs'>;
  readonly dispatcherId: string;
  readonly resultsRoot: string;
}): (claim: ResultsClaim) => Promise<string | undefined> {
  const { database, dispatcherId, resultsRoot } = options;
  return async ({ directory, executionId }) => {
    if (!isAbsolute(directory)) return undefined;
    if (await isBelow(resultsRoot, directory)) return directory;
    const execution = await database.jobs.executionById(executionId);
    return execution?.dispatcherId === dispatcherId && execution.resultsDir === directory ? directory : undefined;
  };
}

async function isBelow(root: string, directory: string): Promise<boolean> {
  try {
    const path = relative(await realpath(root), await realpath(directory));
    return path !== '' && path !== '..' && !path.startsWith('../');
  } catch {
    return false;
  }
}
