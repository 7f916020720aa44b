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
    reservedBy: name().nullable(),
    reservedUntil: time().nullable(),
    reserveReason: p.text().nullable(),
    /** Share of its latest work that did not fail for the host's sake, newest counting most: 0 to 1. */
    health: p.double().$type<number>().default(1),
    /** Repairs in a row that did not help, and when the last one ended. */
    repairFailures: p.integer().default(0),
    repairedAt: time().nullable(),
    /** What it was provisioned with last. */
    image: name().nullable(),
    /** Registered for one job only. */
    oneTime: flag().default(0),
    createdAt: time(),
  },
});
