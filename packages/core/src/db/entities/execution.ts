import { defineEntity, p } from '@mikro-orm/core';
import { id, json, name, time, word } from './columns.ts';

export const ExecutionEntity = defineEntity({
  name: 'Execution',
  tableName: 'executions',
  indexes: [
    { properties: ['state', 'id'] },
    { properties: ['jobId', 'id'] },
    { properties: ['dispatcherId', 'state'] },
  ],
  properties: {
    id: id(),
    version: p.integer().default(1),
    state: word(),
    purpose: word(),
    jobId: p.integer().nullable(),
    taskId: p.integer().nullable(),
    attempt: p.integer(),
    epoch: p.bigint('number'),
    tag: p.text(),
    resultsDir: p.text(),
    socketPath: p.text(),
    dispatcherId: name(),
    executor: word().default('local'),
    /** Id of the process where the executor is not this machine's: a Slurm job. */
    externalId: name().nullable(),
    pid: p.integer().nullable(),
    pidStartTicks: p.string().length(32).nullable(),
    exitClass: word().nullable(),
    cause: json().nullable(),
    deadlineAt: time().nullable(),
    journalOffset: p.bigint('number'),
    journalSeq: p.bigint('number'),
    createdAt: time(),
    startedAt: time().nullable(),
    endedAt: time().nullable(),
  },
});
