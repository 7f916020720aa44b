import type { Database } from '../../db/database.ts';
import type { Change } from '../../db/stores/scheduling/change.ts';
import type { SimulatedClock } from './simulated-clock.ts';
import type { SimulatedProcess } from './simulated-process.ts';

/** What becomes of one question to the database. */
export interface Passage {
  /** How long the question and the answer are under way, ms; 0: no time at all. */
  readonly requestMs: number;
  readonly answerMs: number;
  /** `request`: it never arrives · `answer`: it is carried out, but the answer is lost. Both end with an error. */
  readonly loses?: 'request' | 'answer' | undefined;
}

export interface NetworkRules {
  /** Asked for each question. @param what `scheduling.commit` */
  passage(what: string): Passage;
  /** Whether a change loses against somebody else who has its rows locked at this moment. */
  conflicts(): boolean;
}

/** Thrown by a simulated connection that broke. */
export class ConnectionLostError extends Error {
  readonly code = 'ECONNRESET';

  constructor(what: string) {
    super(`The connection to the database broke during ${what}.`);
    this.name = 'ConnectionLostError';
  }
}

/** A database as a process sees it that reaches it over a network: questions and answers take time and get lost, and what a killed process had sent off still arrives. */
export function overNetwork(
  database: Database,
  process: SimulatedProcess,
  world: SimulatedClock,
  rules: NetworkRules,
): Database {
  const ask = async (what: string, work: () => unknown): Promise<unknown> => {
    const { requestMs, answerMs, loses } = rules.passage(what);
    await travel(world, requestMs);
    if (loses === 'request') {
      await process.turn();
      throw new ConnectionLostError(what);
    }
    const outcome = await settled(work);
    await travel(world, answerMs);
    await process.turn();
    if (loses === 'answer') throw new ConnectionLostError(what);
    if ('error' in outcome) throw outcome.error;
    return outcome.value;
  };
  const stores = Object.fromEntries(
    Object.entries(database).map(([name, store]: [string, unknown]) => [
      name,
      typeof store === 'object' && store !== null ? storeOverNetwork(name, store, ask) : store,
    ]),
  );
  const { scheduling, events } = database;
  const remote = stores as unknown as Database;
  return {
    ...remote,
    close: () => Promise.resolve(),
    scheduling: {
      ...remote.scheduling,
      commit: (changes, fence) =>
        ask('scheduling.commit', () => commitSome(scheduling, changes, fence, rules)) as ReturnType<
          typeof scheduling.commit
        >,
    },
    events: { ...remote.events, onAppend: (callback) => events.onAppend(() => process.deliver(callback)) },
  };
}

function storeOverNetwork(
  name: string,
  store: object,
  ask: (what: string, work: () => unknown) => Promise<unknown>,
): object {
  return Object.fromEntries(
    Object.entries(store).map(([method, call]: [string, unknown]) => [
      method,
      typeof call === 'function'
        ? (...args: unknown[]) => ask(`${name}.${method}`, () => call.apply(store, args) as unknown)
        : call,
    ]),
  );
}

/** As when somebody else has rows locked: changes that need them are left out. */
async function commitSome(
  { commit }: Pick<Database['scheduling'], 'commit'>,
  changes: readonly Change[],
  fence: Parameters<typeof commit>[1],
  rules: NetworkRules,
): ReturnType<typeof commit> {
  const tried = changes.filter(() => !rules.conflicts());
  const result = await commit(tried, fence);
  const isDone = new Map(tried.map((change, index) => [change, result.committed[index] === true]));
  return { ...result, committed: changes.map((change) => isDone.get(change) ?? false) };
}

async function settled(work: () => unknown): Promise<{ value: unknown } | { error: unknown }> {
  try {
    return { value: await work() };
  } catch (error) {
    return { error };
  }
}

function travel(world: SimulatedClock, ms: number): Promise<void> | undefined {
  if (ms <= 0) return undefined;
  return new Promise((resolve) => {
    world.setTimeout(resolve, ms);
  });
}
