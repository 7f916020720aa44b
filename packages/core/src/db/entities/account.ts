import { defineEntity, p } from '@mikro-orm/core';
import { name } from './columns.ts';

/** Fair share of a team, or of a user without one. Without a row: weight 1, no limit. */
export const AccountEntity = defineEntity({
  name: 'Account',
  tableName: 'accounts',
  properties: {
    name: name().primary(),
    weight: p.double().$type<number>().default(1),
    /** Hosts it may hold at once. */
    maxHosts: p.integer().nullable(),
  },
});
