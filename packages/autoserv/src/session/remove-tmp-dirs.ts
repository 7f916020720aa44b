import type { ExecutionContext } from '../execution/context.ts';
import { installBases, inTmpDir } from './host-paths.ts';

/** Deletes what was installed for this execution only, as well as possible. */
export async function removeTmpDirs({ spec, connections }: ExecutionContext): Promise<void> {
  const ours = [...connections.values()].filter(
    (connection) =>
      connection.connected &&
      connection.spec.transport === 'ssh' &&
      connection.spec.attributes['install-dir'] === inTmpDir,
  );
  await Promise.allSettled(
    ours.map((connection) =>
      connection.exec(['rm', '-rf', '--', ...(installBases(connection.spec, spec.resultsDir) ?? [])], {
        timeout: 15_000,
      }),
    ),
  );
}
