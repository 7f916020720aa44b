import { isDuplicate, type Session, type Tx } from '../../session.ts';

/** Tables whose ids are reserved in blocks, so that rows are known by them before they are written. */
export type IdTable = 'tasks' | 'executions';

/** Reserves `count` ids that follow each other; gives the first. Ids that are never used leave gaps, which does no harm. */
export async function reserveIds(session: Session, table: IdTable, count: number): Promise<number> {
  try {
    return await session.write((tx) => reserve(tx, table, count));
  } catch (error) {
    // The first reservation of all, at the same moment as somebody else's.
    if (isDuplicate(error)) return session.write((tx) => reserve(tx, table, count));
    throw error;
  }
}

/** As `reserveIds`, within a transaction. */
export async function reserve(tx: Tx, table: IdTable, count: number): Promise<number> {
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
