import { defineEntity, p } from '@mikro-orm/core';
import { flag, id, json, name, time, word } from './columns.ts';

export const HostEntity = defineEntity({
  name: 'Host',
  tableName: 'hosts',
  properties: {
    id: id(),
    name: name().unique(),
    version: p.integer().default(1),
    state: word(),
    transport: word(),
    address: name(),
    port: p.integer(),
    user: name(),
    keyFile: p.text().nullable(),
    hostKeys: json(),
    labels: json(),
    attributes: json(),
    protection: word(),
    dirty: flag().default(0),
    lockedBy: name().nullable(),
    lockReason: p.text().nullable(),
    lockedUntil: time().nullable(),
    draining: flag().default(0),
    quarantineReason: p.text().nullable(),
    reverifyAt: time().nullable(),
    createdAt: time(),
  },
});
