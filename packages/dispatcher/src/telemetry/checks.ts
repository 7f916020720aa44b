import type { Database, DispatcherRow } from '@autotest/core/db';
import type { HealthCheck } from '@autotest/core/telemetry';

/** How long a dispatcher may be without a sign of life in the database before it is not ready. */
const silenceMs = 60_000;

/** Whether a dispatcher can give jobs their hosts: checks for `/readyz`, asked of the database as everybody else sees it. */
export function dispatcherChecks(database: Database, dispatcherId: string): HealthCheck[] {
  const row = async (): Promise<DispatcherRow> => {
    const found = (await database.scheduling.dispatchers()).find(({ id }) => id === dispatcherId);
    if (!found) throw new Error(`The database does not know the dispatcher ${dispatcherId}.`);
    return found;
  };
  return [
    { name: 'dispatcher: database', run: async () => void (await database.events.latestId()) },
    {
      name: 'dispatcher: sign of life',
      async run() {
        const { heartbeatAt, pid } = await row();
        if (pid !== process.pid) throw new Error(`Process ${pid} has the id ${dispatcherId} now.`);
        const silent = Math.round((Date.now() - heartbeatAt) / 1000);
        if (silent * 1000 > silenceMs) throw new Error(`The database has had no sign of life for ${silent} s.`);
      },
    },
    {
      name: 'dispatcher: takes jobs',
      async run() {
        const { draining, shortage } = await row();
        if (draining) throw new Error('It is being drained: it finishes what it has and takes nothing new.');
        if (shortage !== undefined) throw new Error(`It starts nothing: ${shortage}.`);
      },
    },
  ];
}
