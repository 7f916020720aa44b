import { defineEntity, p } from '@mikro-orm/core';
import { id, name, time, word } from './columns.ts';
import { UserEntity } from './user.ts';

export const TokenEntity = defineEntity({
  name: 'Token',
  tableName: 'tokens',
  properties: {
    id: id(),
    userId: () => p.manyToOne(UserEntity).mapToPk().fieldName('userId').deleteRule('cascade'),
    name: name(),
    kind: word(),
    /** Hash only: a stolen database opens nothing. */
    secretHash: p.string().length(128).unique(),
    createdAt: time(),
    expiresAt: time().nullable(),
    usedAt: time().nullable(),
  },
});
