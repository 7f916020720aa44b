import { defineEntity, p } from '@mikro-orm/core';
import { bigId, flag, id, json, longText, name, time, word } from './columns.ts';

/** Who wants to hear of what, and how. */
export const NotificationRuleEntity = defineEntity({
  name: 'NotificationRule',
  tableName: 'notification_rules',
  indexes: [{ properties: ['jobId'] }],
  properties: {
    id: id(),
    owner: name(),
    /** Of this job only. */
    jobId: p.integer().nullable(),
    channel: word(),
    /** Addresses of mail, URL of a webhook. */
    target: p.text(),
    /** Key that webhooks are signed with. */
    secret: p.text().nullable(),
    /** What is told of; see NotificationRuleRow. */
    filter: json(),
    enabled: flag().default(1),
    createdAt: time(),
  },
});

/** One message to one target: what is to be sent, and what came of it. */
export const DeliveryEntity = defineEntity({
  name: 'Delivery',
  tableName: 'deliveries',
  indexes: [{ properties: ['state', 'nextAt'] }, { properties: ['ruleId', 'id'] }],
  uniques: [{ properties: ['ruleId', 'eventId'] }],
  properties: {
    id: bigId(),
    ruleId: p.integer(),
    eventId: p.bigint('number').nullable(),
    jobId: p.integer().nullable(),
    payload: longText(),
    state: word(),
    attempts: p.integer().default(0),
    /** When it is tried (again), or, while one sends it, when that attempt counts as lost. */
    nextAt: time().nullable(),
    problem: p.text().nullable(),
    createdAt: time(),
    sentAt: time().nullable(),
  },
});
