import type { TaskKind } from '../../../model/task.ts';
import type { TaskRow } from '../../rows.ts';
import type { Session } from '../../session.ts';
import { taskRow } from '../jobs/rows.ts';
import { Change } from '../scheduling/change.ts';
import { newTaskValues } from '../scheduling/columns.ts';
import { reserveIds } from '../scheduling/ids.ts';
import { holdHost } from './hold.ts';

/** Queues a special task of nobody's entry, unless one of its kind waits already. */
export async function requestTask(
  session: Session,
  hostId: number,
  kind: TaskKind,
  requestedBy: string,
): Promise<{ task: TaskRow; repeated: boolean }> {
  const id = await reserveIds(session, 'tasks', 1);
  return session.write(async (tx) => {
    // Held, so that two who ask at the same moment get the same task.
    await holdHost(tx, hostId);
    const waiting = await tx.db
      .selectFrom('tasks')
      .selectAll()
      .where('hostId', '=', hostId)
      .where('state', '=', 'queued')
      .where('kind', '=', kind)
      .where('entryId', 'is', null)
      .orderBy('id')
      .executeTakeFirst();
    if (waiting) return { task: taskRow(waiting), repeated: true };
    const change = new Change(tx.now, { next: () => id });
    const values = newTaskValues(change.addTask({ hostId, kind, requestedBy }));
    await tx.db.insertInto('tasks').values(values).execute();
    for (const event of change.events) tx.emit(event);
    return { task: taskRow(values), repeated: false };
  });
}
