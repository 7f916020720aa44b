import { defineEntity, p } from '@mikro-orm/core';
import { name, time } from './columns.ts';

/** Something that the programs of one installation share and nobody else may know. */
export const SecretEntity = defineEntity({
  name: 'Secret',
  tableName: 'secrets',
  properties: { name: name().primary(), value: p.text(), createdAt: time() },
});
