import { defineEntity, p } from '@mikro-orm/core';
import { bigId, name, time, word } from './columns.ts';
import { ExecutionEntity } from './execution.ts';

export const ResultNodeEntity = defineEntity({
  name: 'ResultNode',
  tableName: 'result_nodes',
  indexes: [
    { properties: ['executionId', 'seq'] },
    { properties: ['jobId', 'executionId', 'seq'] },
    { properties: ['parentId', 'seq'] },
    { properties: ['name', 'id'] },
    { properties: ['name', 'host', 'id'] },
  ],
  uniques: [{ properties: ['executionId', 'pathKey', 'attempt'] }],
  properties: {
    id: bigId(),
    executionId: () =>
      p.manyToOne(ExecutionEntity).mapToPk().fieldName('executionId').deleteRule('cascade').index(false),
    jobId: p.integer().nullable(),
    parentId: p.bigint('number').nullable(),
    path: p.text().columnType('mediumtext'),
    /** SHA-1 of the path: paths are longer than an index key may be. */
    pathKey: p.string().length(40),
    depth: p.integer(),
    node: word(),
    name: name(),
    attempt: p.integer(),
    outcome: word().nullable(),
    originalOutcome: word().nullable(),
    reason: p.text().columnType('mediumtext').nullable(),
    host: name().nullable(),
    subdir: p.text().nullable(),
    startedAt: time().nullable(),
    endedAt: time().nullable(),
    /** 1 for the first node that the journal names, and so on. */
    seq: p.bigint('number'),
  },
});
