import { defineEntity, p } from '@mikro-orm/core';
import { name, time, word } from './columns.ts';

/** One row per host that was ever held. The row stays when the lease is released, so that its epoch never falls. */
export const LeaseEntity = defineEntity({
  name: 'Lease',
  tableName: 'leases',
  indexes: [{ properties: ['dispatcherId'] }],
  properties: {
    hostId: p.integer().primary().autoincrement(false),
    /** Null: nobody holds the host. */
    holderKind: word().nullable(),
    holderId: p.integer().nullable(),
    epoch: p.bigint('number'),
    dispatcherId: name(),
    /** A lease has no end of its own: it lasts as long as its dispatcher lives, or until it is released. */
    takenAt: time().default(0).ignoreSchemaChanges('default'),
  },
});
