import { defineEntity, p } from '@mikro-orm/core';
import { flag, json, name, time } from './columns.ts';

export const DispatcherEntity = defineEntity({
  name: 'Dispatcher',
  tableName: 'dispatchers',
  properties: {
    id: name().primary(),
    machine: name(),
    pid: p.integer(),
    startedAt: time(),
    heartbeatAt: time(),
    /** Rises whenever a process takes this id, and when somebody declares it dead: what writes under an older one is refused. */
    epoch: p.bigint('number').default(0).ignoreSchemaChanges('default'),
    maxExecutions: p.integer().default(0),
    draining: flag().default(0),
    /** Names of the sets that it belongs to. */
    pools: json().nullable(),
    /** Logins of the only owners whose jobs it takes; null: everybody's. */
    onlyUsers: json().nullable(),
    /** Where its results are served; null: by whoever shares its directory. */
    url: p.text().nullable(),
    /** What keeps it from starting anything, in words. */
    shortage: p.text().nullable(),
  },
});
