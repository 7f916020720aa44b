import { isDeepStrictEqual } from 'node:util';
import { sql } from 'kysely';
import type { WaitReason } from '../../../model/wait.ts';
import type { Fence, SchedulingStore } from '../../database.ts';
import type { WaitRow } from '../../rows.ts';
import type { Session, Tx } from '../../session.ts';
import { upsert } from '../../upsert.ts';
import { chunks, clipName, fromJson, rowReader, toJson } from '../../values.ts';
import { bulkUpdate } from './bulk.ts';
import { checkFence } from './roles.ts';

export const waitRow = rowReader<WaitRow>({ json: ['reason'] });

type Wait = Parameters<SchedulingStore['setWaits']>[0][number];

/** At most so many entries are told of by name when a reason changes that many share; the others show it when they are read. */
const maxTold = 20;

const tieEntries = bulkUpdate('entries', 'id', { waitId: 'int' });

/**
 * Stores why entries wait: one row a reason, whatever the number of entries. Leaves the versions of entries alone: a reason is no reason for
 * a plan to fail. What is not queued any more is passed over, and what is stored already is not told of again.
 */
export async function setWaits(session: Session, waits: readonly Wait[], fence: Fence | undefined): Promise<void> {
  for (const part of chunks(waits, 100))
    await session.write(async (tx) => {
      if (fence) await checkFence(tx, fence);
      await setPart(tx, part);
    });
}

async function setPart(tx: Tx, waits: readonly Wait[]): Promise<void> {
  const byKey = new Map(waits.map((wait) => [clipName(wait.key), clipped(wait.reason)]));
  const { ids, changed } = await saveReasons(tx, byKey);
  const waitOf = new Map(waits.flatMap(({ key, entryIds }) => entryIds.map((id) => [id, clipName(key)] as const)));
  const queued = await lockQueued(tx, [...waitOf.keys()]);
  const tied = queued.filter(({ id, waitId }) => waitId !== ids.get(waitOf.get(id) ?? ''));
  await tieEntries(
    tx,
    tied.map(({ id }) => ({ id, waitId: ids.get(waitOf.get(id) ?? '') })),
  );
  for (const [key, { code, message }] of byKey) {
    const told = changed.has(key)
      ? await firstTied(tx, ids.get(key) ?? 0)
      : tied.filter(({ id }) => waitOf.get(id) === key).slice(0, maxTold);
    for (const { id, jobId } of told)
      tx.emit({ kind: 'entry.waiting', jobId, entryId: id, data: { code, message: clipName(message, 1000) } });
  }
}

function clipped(reason: WaitReason): WaitReason {
  return { ...reason, message: clipName(reason.message, 4000) };
}

/** Gives the ids of all, by key, and the keys of those that are new or not what they were. */
async function saveReasons(
  tx: Tx,
  reasons: ReadonlyMap<string, WaitReason>,
): Promise<{ ids: ReadonlyMap<string, number>; changed: ReadonlySet<string> }> {
  // In one order, as another connection may write the same at this moment.
  const keys = [...reasons.keys()].sort();
  const known = new Map((await waitsOf(tx, keys)).map((row) => [row.key, row]));
  const isAsStored = (key: string): boolean => {
    const stored = known.get(key);
    return stored !== undefined && isDeepStrictEqual(fromJson(stored.reason), fromJson(toJson(reasons.get(key))));
  };
  const changed = keys.filter((key) => !isAsStored(key));
  const rows = changed.flatMap((key) => {
    const reason = reasons.get(key);
    return reason ? [{ key, code: reason.code, reason: toJson(reason), changedAt: tx.now }] : [];
  });
  await upsert(tx, 'waits', rows, { key: ['key'], update: ['code', 'reason', 'changedAt'] });
  const now = changed.length > 0 ? await waitsOf(tx, keys) : [...known.values()];
  return { ids: new Map(now.map(({ id, key }) => [key, id])), changed: new Set(changed) };
}

function waitsOf(tx: Tx, keys: readonly string[]): Promise<{ id: number; key: string; reason: string }[]> {
  if (keys.length === 0) return Promise.resolve([]);
  return tx.db.selectFrom('waits').select(['id', 'key', 'reason']).where('key', 'in', keys).execute();
}

interface QueuedEntry {
  readonly id: number;
  readonly jobId: number;
  readonly waitId: number | null;
}

/** Those that are queued, by id, and that stay so until the transaction ends. By primary key: the index on state is what moves of entries write. */
async function lockQueued(tx: Tx, ids: readonly number[]): Promise<QueuedEntry[]> {
  const rows: QueuedEntry[] = [];
  const [hint, lock] = tx.session.isServer ? [sql`force index (primary)`, sql`for update`] : [sql``, sql``];
  for (const part of chunks([...ids].sort((a, b) => a - b))) {
    const query = sql<QueuedEntry>`select id, ${sql.ref('jobId')}, ${sql.ref('waitId')} from entries ${hint} where id in (${sql.join(part)}) and state = 'queued' order by id ${lock}`;
    rows.push(...(await query.execute(tx.db)).rows);
  }
  return rows;
}

function firstTied(tx: Tx, waitId: number): Promise<Pick<QueuedEntry, 'id' | 'jobId'>[]> {
  return tx.db
    .selectFrom('entries')
    .select(['id', 'jobId'])
    .where('waitId', '=', waitId)
    .where('state', '=', 'queued')
    .orderBy('id')
    .limit(maxTold)
    .execute();
}
