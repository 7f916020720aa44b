import { defineEntity } from '@mikro-orm/core';
import { id, name, time, word } from './columns.ts';

export const UserEntity = defineEntity({
  name: 'User',
  tableName: 'users',
  properties: { id: id(), login: name().unique(), role: word(), team: name().nullable(), createdAt: time() },
});
