import type { NotificationStore } from '../../database.ts';
import type { Session } from '../../session.ts';
import { claimDeliveries, dueDeliveries } from './claim.ts';
import { advanceCursor, readCursor } from './cursor.ts';
import { deliveryById, enqueueTest, listDeliveries, redeliver } from './deliveries.ts';
import { addRule, listRules, removeRule, ruleById, rulesAbout, standingRule, updateRule } from './rules.ts';
import { giveBack, markFailed, markSent } from './settle.ts';

export function notificationStore(session: Session): NotificationStore {
  return {
    addRule: (rule) => addRule(session, rule),
    updateRule: (id, patch, by) => updateRule(session, id, patch, by),
    removeRule: (id, by) => removeRule(session, id, by),
    ruleById: (id) => ruleById(session, id),
    rules: (query) => listRules(session, query),
    standingRule: (owner, target) => standingRule(session, owner, target),
    rulesAbout: (jobIds) => rulesAbout(session, jobIds),
    cursor: () => readCursor(session),
    advance: (step) => advanceCursor(session, step),
    enqueueTest: (ruleId, payload, by) => enqueueTest(session, ruleId, payload, by),
    due: (query) => dueDeliveries(session, query),
    claim: (ids, times) => claimDeliveries(session, ids, times),
    markSent: (claim, problem) => markSent(session, claim, problem),
    markFailed: (claim, why) => markFailed(session, claim, why),
    giveBack: (claim) => giveBack(session, claim),
    deliveryById: (id) => deliveryById(session, id),
    deliveries: (query) => listDeliveries(session, query),
    redeliver: (id, by) => redeliver(session, id, by),
  };
}
