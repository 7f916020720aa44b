import type { DeliveryClaim } from '../../database.ts';
import type { Session, Tx } from '../../session.ts';
import { orNull } from '../../values.ts';
import { clipProblem, emitChange } from './rows.ts';

export function markSent(session: Session, claim: DeliveryClaim, problem?: string): Promise<boolean> {
  return session.write(async (tx) => {
    const isOurs = await settle(tx, claim, {
      state: 'sent',
      sentAt: tx.now,
      nextAt: null,
      problem: problem === undefined ? null : clipProblem(problem),
    });
    if (isOurs) emitChange(tx, 'sent', { ruleId: claim.ruleId, deliveryId: claim.id });
    return isOurs;
  });
}

export function markFailed(
  session: Session,
  claim: DeliveryClaim,
  { problem, nextAt }: { problem: string; nextAt?: number },
): Promise<boolean> {
  return session.write(async (tx) => {
    const isOver = nextAt === undefined;
    const isOurs = await settle(tx, claim, {
      state: isOver ? 'failed' : 'queued',
      nextAt: orNull(nextAt),
      problem: clipProblem(problem),
    });
    if (isOurs && isOver) emitChange(tx, 'failed', { ruleId: claim.ruleId, deliveryId: claim.id });
    return isOurs;
  });
}

export function giveBack(session: Session, claim: DeliveryClaim): Promise<boolean> {
  return session.write((tx) => settle(tx, claim, { state: 'queued', nextAt: tx.now, attempts: claim.attempts - 1 }));
}

async function settle(
  tx: Tx,
  { id, attempts }: DeliveryClaim,
  values: {
    state: string;
    nextAt: number | null;
    attempts?: number;
    problem?: string | null;
    sentAt?: number;
  },
): Promise<boolean> {
  const { numUpdatedRows } = await tx.db
    .updateTable('deliveries')
    .set(values)
    .where('id', '=', id)
    .where('state', '=', 'sending')
    .where('attempts', '=', attempts)
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}
