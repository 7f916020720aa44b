import { defineEntity, p } from '@mikro-orm/core';
import { name, time } from './columns.ts';

/** How long jobs of a name run, for estimates: exponentially weighted mean and variance. */
export const DurationEntity = defineEntity({
  name: 'Duration',
  tableName: 'durations',
  properties: {
    name: name().primary(),
    runs: p.integer(),
    meanMs: p.double().$type<number>(),
    varianceMs2: p.double().$type<number>(),
    changedAt: time(),
  },
});
