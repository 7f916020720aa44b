import { entryMachine } from '../../../model/entry.ts';
import type { JobStore, NewJob } from '../../database.ts';
import type { EntryRow, JobRow } from '../../rows.ts';
import { isDuplicate, type Session, type Tx } from '../../session.ts';
import { chunks, clipName, orNull, toFlag, toJson } from '../../values.ts';
import { insertRule } from '../notifications/rules.ts';
import { checkDependencies } from './dependencies.ts';
import { registerOneTimeHosts } from './one-time-hosts.ts';
import { entryRow, jobRow } from './rows.ts';

export interface Submitted {
  readonly job: JobRow;
  readonly entries: EntryRow[];
  /** The job is that of an earlier submission with the same request id. */
  readonly repeated: boolean;
}

type SubmitOptions = NonNullable<Parameters<JobStore['submit']>[1]>;

export function submitJob(session: Session, job: NewJob, options: SubmitOptions = {}): Promise<Submitted> {
  return writeOnce(session, (tx) => submitIn(tx, job, options));
}

/**
 * Runs a transaction that submits. Where it meets the same request, or the same one-time host, of the same moment over another connection, it runs once more: what that one
 * wrote is there by then.
 */
export async function writeOnce<T>(session: Session, work: (tx: Tx) => Promise<T>): Promise<T> {
  try {
    return await session.write(work);
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    return session.write(work);
  }
}

/** As a part of a transaction. */
export async function submitIn(tx: Tx, job: NewJob, options: SubmitOptions = {}): Promise<Submitted> {
  const { requestId, notify = [] } = options;
  const earlier = requestId === undefined ? undefined : await submittedAs(tx.session, requestId);
  if (earlier) return earlier;
  const submitted = await insertJob(tx, job, requestId);
  for (const rule of notify) await insertRule(tx, { ...rule, jobId: submitted.job.id });
  return submitted;
}

async function submittedAs({ db }: Session, requestId: string): Promise<Submitted | undefined> {
  const raw = await db.selectFrom('jobs').selectAll().where('requestId', '=', requestId).executeTakeFirst();
  if (!raw) return undefined;
  const entries = await db.selectFrom('entries').selectAll().where('jobId', '=', raw.id).orderBy('index').execute();
  return { job: jobRow(raw), entries: entries.map(entryRow), repeated: true };
}

async function insertJob(tx: Tx, newJob: NewJob, requestId: string | undefined): Promise<Submitted> {
  const { hostIds, anyHosts, oneTimeHosts = [], metadata, after, ...fields } = newJob;
  await checkDependencies(tx, after ?? []);
  const named = [...hostIds, ...(await registerOneTimeHosts(tx, oneTimeHosts, newJob.owner))];
  const account = newJob.account ?? (await teamOf(tx, newJob.owner)) ?? newJob.owner;
  const values = {
    ...fields,
    requestId: orNull(requestId),
    name: clipName(newJob.name),
    state: 'queued',
    controlType: metadata.type,
    metadata: toJson(metadata),
    params: toJson(newJob.params),
    keyvals: toJson(newJob.keyvals),
    needs: orNull(newJob.needs),
    runVerify: toFlag(newJob.runVerify),
    idleTimeoutMs: newJob.idleTimeoutMs ?? 0,
    infraRetries: newJob.infraRetries ?? 1,
    retries: newJob.retries ?? 0,
    sameValueOf: orNull(newJob.sameValueOf),
    provision: orNull(newJob.provision),
    reserveOn: newJob.reserveOn ?? 'never',
    reserveMs: newJob.reserveMs ?? 0,
    account: clipName(account),
    pool: orNull(newJob.pool),
    suiteId: orNull(newJob.suiteId),
    recurringId: orNull(newJob.recurringId),
    after: after && after.length > 0 ? toJson(after) : null,
    traceParent: orNull(newJob.traceParent),
    entryCount: Math.max(1, named.length + anyHosts),
    activeCount: 0,
    finishedCount: 0,
    createdAt: tx.now,
  };
  const { insertId } = await tx.db.insertInto('jobs').values(values).executeTakeFirstOrThrow();
  const job = jobRow({ id: Number(insertId), ...values });
  for (const part of chunks(newEntries(tx, job.id, named, anyHosts)))
    await tx.db.insertInto('entries').values(part).execute();
  const entries = await tx.db.selectFrom('entries').selectAll().where('jobId', '=', job.id).orderBy('index').execute();
  tx.emit({
    kind: 'job.submitted',
    jobId: job.id,
    data: { name: job.name, owner: job.owner, entries: entries.length },
  });
  return { job, entries: entries.map(entryRow), repeated: false };
}

async function teamOf(tx: Tx, login: string): Promise<string | undefined> {
  const raw = await tx.db.selectFrom('users').select('team').where('login', '=', login).executeTakeFirst();
  return raw?.team ?? undefined;
}

function newEntries(tx: Tx, jobId: number, hostIds: readonly number[], anyHosts: number) {
  const hosts: (number | null)[] = [...hostIds, ...Array.from({ length: anyHosts }, () => null)];
  const hostless = hosts.length === 0;
  return (hostless ? [null] : hosts).map((hostId, index) => ({
    jobId,
    index,
    version: 1,
    state: entryMachine.initial,
    hostId,
    named: toFlag(hostId !== null),
    hostless: toFlag(hostless),
    abortRequested: toFlag(false),
    attempt: 1,
    infraFailures: 0,
    testFailures: 0,
    hostFailures: 0,
    triedHostIds: '[]',
    repairedHostIds: '[]',
    queuedAt: tx.now,
  }));
}
