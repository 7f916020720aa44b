import { defineEntity, p } from '@mikro-orm/core';
import { name } from './columns.ts';

/** What one dispatcher does for all: `planner`. The epoch rises with each holder; a former one cannot write under its own any more. */
export const RoleEntity = defineEntity({
  name: 'Role',
  tableName: 'roles',
  properties: {
    name: name().primary(),
    dispatcherId: name(),
    epoch: p.bigint('number'),
    holderEpoch: p.bigint('number'),
  },
});
