import { defineEntity } from '@mikro-orm/core';
import { id, json, name, time, word } from './columns.ts';

/** Why entries wait. One row for all that wait for the same, so that a reason changes with one write however many wait. */
export const WaitEntity = defineEntity({
  name: 'Wait',
  tableName: 'waits',
  properties: { id: id(), key: name().unique(), code: word(), reason: json(), changedAt: time() },
});
