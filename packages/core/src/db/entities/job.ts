import { defineEntity, p } from '@mikro-orm/core';
import { BundleEntity } from './bundle.ts';
import { flag, id, json, name, time, word } from './columns.ts';

export const JobEntity = defineEntity({
  name: 'Job',
  tableName: 'jobs',
  indexes: [{ properties: ['owner', 'id'] }, { properties: ['state', 'id'] }, { properties: ['outcome', 'id'] }],
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
    createdAt: time(),
    startedAt: time().nullable(),
    finishedAt: time().nullable(),
    abortedBy: name().nullable(),
    abortReason: p.text().nullable(),
  },
});
