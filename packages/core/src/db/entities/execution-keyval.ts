import { defineEntity, p } from '@mikro-orm/core';
import { longText, name } from './columns.ts';

export const ExecutionKeyvalEntity = defineEntity({
  name: 'ExecutionKeyval',
  tableName: 'execution_keyvals',
  properties: {
    executionId: p.integer().primary().autoincrement(false),
    /** SHA-1 of the node's path; that of '' for the execution itself. */
    pathKey: p.string().length(40).primary(),
    name: name().primary(),
    /** JSON text of any value. */
    value: longText(),
  },
});
