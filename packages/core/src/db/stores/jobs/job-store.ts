import type { JobStore } from '../../database.ts';
import type { Session } from '../../session.ts';
import { chunks } from '../../values.ts';
import { requestAbort } from './abort.ts';
import { listJobs, listTasks } from './list.ts';
import { entryRow, executionRow, jobRow } from './rows.ts';
import { submitJob } from './submit.ts';

export function jobStore(session: Session): JobStore {
  return {
    submit: (job, options) => submitJob(session, job, options),
    async byId(id) {
      const raw = await session.db.selectFrom('jobs').selectAll().where('id', '=', id).executeTakeFirst();
      return raw && jobRow(raw);
    },
    list: (query) => listJobs(session, query),
    entries: (jobId) => entriesOf(session, [jobId]),
    entriesOf: (jobIds) => entriesOf(session, jobIds),
    async executions(jobId) {
      const rows = await session.db
        .selectFrom('executions')
        .selectAll()
        .where('jobId', '=', jobId)
        .orderBy('id')
        .execute();
      return rows.map(executionRow);
    },
    async executionById(id) {
      const raw = await session.db.selectFrom('executions').selectAll().where('id', '=', id).executeTakeFirst();
      return raw && executionRow(raw);
    },
    tasksOf: (query) => listTasks(session, query),
    requestAbort: (jobId, by, reason) => requestAbort(session, jobId, by, reason),
  };
}

async function entriesOf({ db }: Session, jobIds: readonly number[]) {
  const parts = chunks(jobIds).map((part) =>
    db.selectFrom('entries').selectAll().where('jobId', 'in', part).orderBy('jobId').orderBy('index').execute(),
  );
  return (await Promise.all(parts)).flat().map(entryRow);
}
