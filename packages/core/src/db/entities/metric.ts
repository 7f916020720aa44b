import { defineEntity, p } from '@mikro-orm/core';
import { name, word } from './columns.ts';

export const MetricEntity = defineEntity({
  name: 'Metric',
  tableName: 'metrics',
  properties: {
    nodeId: p.bigint('number').primary().autoincrement(false),
    iteration: p.integer().primary().autoincrement(false),
    name: name().primary(),
    value: p.double().$type<number>(),
    unit: p.string().length(64),
    direction: word(),
  },
});
