import { access } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { Database, DispatcherRow, ExecutionRow } from '@autotest/core/db';
import { LocalResults, Remembered, resultsSecretMs, resultsSecretName, type ResultsReader } from '@autotest/core/node';
import { RemoteResults, type ResultsPlace } from './remote-results.ts';

const dispatchersMs = 2000;

/**
 * Where results are: in the data directory of this server (its own, or one that machines share), or else with the dispatcher that has the execution, where that serves them. Both are
 * read in the same way. What no dispatcher serves is looked for on this machine, wherever its path leads.
 *
 * A path alone does not say on which machine it is: data directories of different machines may have the same name. So it counts whether the directory is there.
 */
export class ResultsSources {
  /** With a slash at its end. */
  readonly #ownRoot: string;
  readonly #jobs: Database['jobs'];
  readonly #dispatchers: Remembered<Map<string, DispatcherRow>>;
  readonly #secret: Remembered<string>;

  /** @param dataDir of this server */
  constructor({ jobs, scheduling, secrets }: Pick<Database, 'jobs' | 'scheduling' | 'secrets'>, dataDir: string) {
    this.#jobs = jobs;
    this.#ownRoot = join(resolve(dataDir), 'results', '/');
    this.#dispatchers = new Remembered(dispatchersMs, async () => {
      const all = await scheduling.dispatchers();
      return new Map(all.map((row) => [row.id, row]));
    });
    this.#secret = new Remembered(resultsSecretMs, () => secrets.get(resultsSecretName));
  }

  async of({
    id,
    resultsDir,
    dispatcherId,
  }: Pick<ExecutionRow, 'id' | 'resultsDir' | 'dispatcherId'>): Promise<ResultsReader> {
    if (resultsDir.startsWith(this.#ownRoot) && (await exists(resultsDir))) return new LocalResults(resultsDir);
    const place = await this.#placeOf(dispatcherId);
    if (!place) return new LocalResults(resultsDir);
    return new RemoteResults({
      place,
      locate: async () => this.#placeOf((await this.#jobs.executionById(id))?.dispatcherId ?? dispatcherId),
      executionId: id,
      directory: resultsDir,
      secret: () => this.#secret.get(),
    });
  }

  async #placeOf(dispatcherId: string): Promise<ResultsPlace | undefined> {
    const dispatcher = (await this.#dispatchers.get()).get(dispatcherId);
    return dispatcher?.url === undefined
      ? undefined
      : { dispatcherId, machine: dispatcher.machine, url: dispatcher.url };
  }
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
