import { defineEntity, p } from '@mikro-orm/core';
import { id, json, name, time, word } from './columns.ts';
import { HostEntity } from './host.ts';

export const TaskEntity = defineEntity({
  name: 'Task',
  tableName: 'tasks',
  indexes: [{ properties: ['state', 'id'] }, { properties: ['hostId', 'id'] }, { properties: ['entryId', 'id'] }],
  properties: {
    id: id(),
    version: p.integer().default(1),
    hostId: () => p.manyToOne(HostEntity).mapToPk().fieldName('hostId').deleteRule('cascade').index(false),
    entryId: p.integer().nullable(),
    kind: word(),
    state: word(),
    outcome: word().nullable(),
    cause: json().nullable(),
    requestedBy: name(),
    dispatcherId: name().nullable(),
    executionId: p.integer().nullable(),
    createdAt: time(),
    startedAt: time().nullable(),
    finishedAt: time().nullable(),
  },
});
