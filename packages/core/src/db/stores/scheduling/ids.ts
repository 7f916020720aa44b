import { againAfterDuplicate, type Session, type Tx } from '../../session.ts';
import type { IdSource } from './change.ts';

/** Tables whose ids are reserved in blocks, so that rows are known by them before they are written. */
export type IdTable = 'tasks' | 'executions';

/** Reserves `count` ids that follow each other; gives the first. Ids that are never used leave gaps, which does no harm. */
export function reserveIds(session: Session, table: IdTable, count: number): Promise<number> {
  return againAfterDuplicate(() => session.write((tx) => reserve(tx, table, count)));
}

/** Ids for one change of at most `count` new rows a table. */
export async function idsForChange(session: Session, count: number): Promise<IdSource> {
  const next = await againAfterDuplicate(() =>
    session.write(async (tx) => ({
      tasks: await reserve(tx, 'tasks', count),
      executions: await reserve(tx, 'executions', count),
    })),
  );
  const ends = { tasks: next.tasks + count, executions: next.executions + count };
  return {
    next(table) {
      if (next[table] === ends[table]) throw new RangeError(`one change may add at most ${count} ${table}`);
      return next[table]++;
    },
  };
}

/** As `reserveIds`, within a transaction. */
async function reserve(tx: Tx, table: IdTable, count: number): Promise<number> {
  const { numUpdatedRows } = await tx.db
    .updateTable('id_blocks')
    .set((eb) => ({ next: eb('next', '+', count) }))
    .where('name', '=', table)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) {
    const { highest } = await tx.db
      .selectFrom(table)
      .select(({ fn }) => fn.max('id').as('highest'))
      .executeTakeFirstOrThrow();
    const first = (highest ?? 0) + 1;
    await tx.db
      .insertInto('id_blocks')
      .values({ name: table, next: first + count })
      .execute();
    return first;
  }
  const { next } = await tx.db
    .selectFrom('id_blocks')
    .select('next')
    .where('name', '=', table)
    .executeTakeFirstOrThrow();
  return next - count;
}
