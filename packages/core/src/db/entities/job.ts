import { defineEntity, p } from '@mikro-orm/core';
import { BundleEntity } from './bundle.ts';
import { flag, id, json, name, time, word } from './columns.ts';

export const JobEntity = defineEntity({
  name: 'Job',
  tableName: 'jobs',
  indexes: [
    { properties: ['owner', 'id'] },
    { properties: ['state', 'id'] },
    { properties: ['outcome', 'id'] },
    { properties: ['suiteId', 'id'] },
    { properties: ['recurringId', 'id'] },
  ],
  properties: {
    id: id(),
    /** Of the submission: a second one with the same gives this job. */
    requestId: p.string().length(128).nullable().unique(),
    name: name(),
    owner: name(),
    state: word(),
    outcome: word().nullable(),
    priority: p.integer(),
    controlType: word(),
    bundleHash: () => p.manyToOne(BundleEntity).mapToPk().fieldName('bundleHash'),
    metadata: json(),
    params: json(),
    keyvals: json(),
    needs: p.text().nullable(),
    syncCount: p.integer(),
    runVerify: flag(),
    rebootBefore: word(),
    rebootAfter: word(),
    timeoutMs: time(),
    maxRuntimeMs: time(),
    idleTimeoutMs: time().default(0).ignoreSchemaChanges('default'),
    infraRetries: p.integer().default(1),
    retries: p.integer().default(0),
    /** Key of a label whose value all hosts of a group share. */
    sameValueOf: name().nullable(),
    provision: name().nullable(),
    reserveOn: word().default('never'),
    reserveMs: time().default(0).ignoreSchemaChanges('default'),
    /** Whose share its hosts count to: the owner's team, or the owner. */
    account: name().default(''),
    /** Only dispatchers of this set run it. */
    pool: name().nullable(),
    suiteId: p.integer().nullable(),
    recurringId: p.integer().nullable(),
    /** Jobs that have to end first. */
    after: json().nullable(),
    traceParent: p.string().length(64).nullable(),
    /** Kept with each move of an entry, so that nobody has to count. */
    entryCount: p.integer().default(0),
    activeCount: p.integer().default(0),
    finishedCount: p.integer().default(0),
    worstOutcome: word().nullable(),
    createdAt: time(),
    startedAt: time().nullable(),
    finishedAt: time().nullable(),
    abortedBy: name().nullable(),
    abortReason: p.text().nullable(),
  },
});
