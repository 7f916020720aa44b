import { access } from 'node:fs/promises';
import type { Database, DispatcherRow, ExecutionRow } from '@autotest/core/db';
import { LocalResults, resultsSecretName, type ResultsReader } from '@autotest/core/node';
import { Remembered } from './remembered.ts';
import { RemoteResults } from './remote-results.ts';

const dispatchersMs = 2000;
/** After a secret was changed in the database, how long the old one may still be used. */
const secretMs = 60_000;

/**
 * Where results are: on a disk of this machine (of its own, or one that machines share), or else with the dispatcher that has the execution, which serves them. Both are read in
 * the same way.
 */
export class ResultsSources {
  readonly #dispatchers: Remembered<Map<string, DispatcherRow>>;
  readonly #secret: Remembered<string>;

  constructor({ scheduling, secrets }: Pick<Database, 'scheduling' | 'secrets'>) {
    this.#dispatchers = new Remembered(dispatchersMs, async () => {
      const all = await scheduling.dispatchers();
      return new Map(all.map((row) => [row.id, row]));
    });
    this.#secret = new Remembered(secretMs, () => secrets.get(resultsSecretName));
  }

  async of({
    id,
    resultsDir,
    dispatcherId,
  }: Pick<ExecutionRow, 'id' | 'resultsDir' | 'dispatcherId'>): Promise<ResultsReader> {
    if (await exists(resultsDir)) return new LocalResults(resultsDir);
    const dispatcher = (await this.#dispatchers.get()).get(dispatcherId);
    if (dispatcher?.url === undefined) return new LocalResults(resultsDir);
    return new RemoteResults({
      url: dispatcher.url,
      dispatcherId,
      machine: dispatcher.machine,
      executionId: id,
      directory: resultsDir,
      secret: () => this.#secret.get(),
    });
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
