import type { NewJob, RecurringJob } from '../../database.ts';
import { NotFoundError, OwnerError } from '../../errors.ts';
import type { JobRow, RecurringRow } from '../../rows.ts';
import type { Tx } from '../../session.ts';
import { fromJson } from '../../values.ts';
import { submitIn } from '../jobs/submit.ts';

/**
 * Submits a recurring job once. `key` names the run: a second one with the same key gives the first one's job.
 *
 * @throws AutotestError why it cannot be submitted
 */
export async function submitRun(tx: Tx, row: RecurringRow, key: string | undefined): Promise<JobRow> {
  await checkOwner(tx, row.owner);
  const { hosts, ...wishes } = fromJson<RecurringJob>(row.job);
  const job: NewJob = {
    ...wishes,
    owner: row.owner,
    bundleHash: row.bundleHash,
    recurringId: row.id,
    hostIds: await idsOf(tx, hosts),
  };
  const { job: submitted } = await submitIn(
    tx,
    job,
    key === undefined ? {} : { requestId: `recurring:${row.id}:${key}` },
  );
  return submitted;
}

/** @throws OwnerError */
async function checkOwner(tx: Tx, login: string): Promise<void> {
  const owner = await tx.db.selectFrom('users').select('role').where('login', '=', login).executeTakeFirst();
  if (!owner) throw new OwnerError(login, 'does not exist any more');
  if (owner.role === 'viewer') throw new OwnerError(login, 'may not submit jobs any more');
}

/** @throws NotFoundError */
async function idsOf(tx: Tx, names: readonly string[]): Promise<number[]> {
  if (names.length === 0) return [];
  const raw = await tx.db.selectFrom('hosts').select(['id', 'name']).where('name', 'in', names).execute();
  const ids = new Map(raw.map(({ id, name }) => [name, id]));
  return names.map((name) => {
    const id = ids.get(name);
    if (id === undefined) throw new NotFoundError('host', JSON.stringify(name));
    return id;
  });
}
