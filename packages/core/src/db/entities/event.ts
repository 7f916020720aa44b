import { defineEntity, p } from '@mikro-orm/core';
import { bigId, json, time, word } from './columns.ts';

/** Append-only. No foreign keys: what was told stays told when its subject is deleted. */
export const EventEntity = defineEntity({
  name: 'Event',
  tableName: 'events',
  indexes: [{ properties: ['jobId', 'id'] }],
  properties: {
    id: bigId(),
    t: time(),
    kind: word(),
    jobId: p.integer().nullable(),
    entryId: p.integer().nullable(),
    executionId: p.integer().nullable(),
    hostId: p.integer().nullable(),
    taskId: p.integer().nullable(),
    data: json(),
  },
});
