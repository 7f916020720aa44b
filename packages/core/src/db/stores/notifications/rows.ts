import type { DeliveryRow, NotificationRuleRow } from '../../rows.ts';
import type { Tx } from '../../session.ts';
import { clipName, rowReader } from '../../values.ts';

export const ruleRow = rowReader<NotificationRuleRow>({ json: ['filter'], flags: ['enabled'] });

export const deliveryRow = rowReader<DeliveryRow>();

/** What a person did with a rule or its deliveries, or how a delivery ended. Targets and messages stay out of it: everybody can read events. */
export function emitChange(
  tx: Tx,
  change: 'added' | 'changed' | 'removed' | 'queued' | 'sent' | 'failed',
  about: { ruleId: number; deliveryId?: number; by?: string },
): void {
  tx.emit({ kind: 'notification.changed', data: { change, ...about } });
}

/** Why a delivery did not go well, as it is stored. */
export function clipProblem(problem: string): string {
  return clipName(problem, 1000);
}
