import { defineEntity, p } from '@mikro-orm/core';
import { id, name, time, word } from './columns.ts';

/** Jobs that belong together. */
export const SuiteEntity = defineEntity({
  name: 'Suite',
  tableName: 'suites',
  indexes: [{ properties: ['owner', 'id'] }],
  properties: {
    id: id(),
    name: name(),
    owner: name(),
    jobCount: p.integer().default(0),
    finishedCount: p.integer().default(0),
    worstOutcome: word().nullable(),
    createdAt: time(),
    finishedAt: time().nullable(),
  },
});
