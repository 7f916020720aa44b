import type { SuiteStore } from '../../database.ts';
import type { SuiteRow } from '../../rows.ts';
import type { Session } from '../../session.ts';
import { abortJobs } from '../jobs/abort.ts';
import { jobRow } from '../jobs/rows.ts';
import { createSuite } from './create.ts';
import { suiteRow } from './row.ts';

export function suiteStore(session: Session): SuiteStore {
  return {
    create: (suite, options) => createSuite(session, suite, options?.requestId),
    async byId(id) {
      const raw = await session.db.selectFrom('suites').selectAll().where('id', '=', id).executeTakeFirst();
      return raw && suiteRow(raw);
    },
    list: (query) => listSuites(session, query),
    async jobs(suiteId) {
      const raw = await session.db
        .selectFrom('jobs')
        .selectAll()
        .where('suiteId', '=', suiteId)
        .orderBy('id')
        .execute();
      return raw.map(jobRow);
    },
    requestAbort: (suiteId, by, reason) =>
      session.write(async (tx) => {
        const jobs = await tx.db.selectFrom('jobs').select('id').where('suiteId', '=', suiteId).orderBy('id').execute();
        return abortJobs(
          tx,
          jobs.map(({ id }) => id),
          by,
          reason,
        );
      }),
  };
}

async function listSuites({ db }: Session, query: Parameters<SuiteStore['list']>[0]): Promise<SuiteRow[]> {
  const { first, beforeId, owner } = query;
  let select = db.selectFrom('suites').selectAll().orderBy('id', 'desc').limit(first);
  if (beforeId !== undefined) select = select.where('id', '<', beforeId);
  if (owner !== undefined) select = select.where('owner', '=', owner);
  return (await select.execute()).map(suiteRow);
}
