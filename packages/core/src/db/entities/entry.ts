import { defineEntity, p } from '@mikro-orm/core';
import { flag, id, json, name, time, word } from './columns.ts';
import { HostEntity } from './host.ts';
import { JobEntity } from './job.ts';

export const EntryEntity = defineEntity({
  name: 'Entry',
  tableName: 'entries',
  indexes: [{ properties: ['state', 'id'] }, { properties: ['executionId'] }, { properties: ['waitId', 'id'] }],
  uniques: [{ properties: ['jobId', 'index'] }],
  properties: {
    id: id(),
    jobId: () => p.manyToOne(JobEntity).mapToPk().fieldName('jobId').deleteRule('cascade').index(false),
    index: p.integer(),
    version: p.integer().default(1),
    state: word(),
    outcome: word().nullable(),
    cause: json().nullable(),
    hostId: () => p.manyToOne(HostEntity).mapToPk().fieldName('hostId').nullable(),
    named: flag(),
    hostless: flag(),
    executionId: p.integer().nullable(),
    /** Why it waits: a row of `waits`, shared by all that wait for the same. */
    waitId: p.integer().nullable(),
    /** Who answers for it from its assignment on. */
    dispatcherId: name().nullable(),
    attempt: p.integer().default(1),
    infraFailures: p.integer().default(0),
    testFailures: p.integer().default(0),
    abortRequested: flag().default(0),
    hostFailures: p.integer().default(0),
    triedHostIds: json(),
    repairedHostIds: json(),
    queuedAt: time(),
    startedAt: time().nullable(),
    finishedAt: time().nullable(),
  },
});
