import { defineEntity, p } from '@mikro-orm/core';
import { name } from './columns.ts';

/** The next id of a table that nobody has reserved yet. */
export const IdBlockEntity = defineEntity({
  name: 'IdBlock',
  tableName: 'id_blocks',
  properties: { name: name().primary(), next: p.bigint('number') },
});
