import { defineEntity, p } from '@mikro-orm/core';
import { name, time } from './columns.ts';

export const DispatcherEntity = defineEntity({
  name: 'Dispatcher',
  tableName: 'dispatchers',
  properties: {
    id: name().primary(),
    machine: name(),
    pid: p.integer(),
    startedAt: time(),
    heartbeatAt: time(),
  },
});
