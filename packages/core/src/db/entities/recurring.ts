import { defineEntity, p } from '@mikro-orm/core';
import { BundleEntity } from './bundle.ts';
import { flag, id, longText, name, time, word } from './columns.ts';

/** A job that is submitted again and again. */
export const RecurringEntity = defineEntity({
  name: 'Recurring',
  tableName: 'recurring',
  indexes: [{ properties: ['enabled', 'nextAt'] }],
  properties: {
    id: id(),
    version: p.integer().default(1),
    name: name(),
    owner: name(),
    enabled: flag().default(1),
    bundleHash: () => p.manyToOne(BundleEntity).mapToPk().fieldName('bundleHash'),
    /** The submission, as JSON. */
    job: longText(),
    cron: name().nullable(),
    timezone: name().nullable(),
    everyMs: time().nullable(),
    /** What becomes of runs whose time passed while nobody was there: `skip`, `once`, `all`. */
    missed: word(),
    /** Submissions left; null: without end. */
    remaining: p.integer().nullable(),
    nextAt: time().nullable(),
    lastAt: time().nullable(),
    lastJobId: p.integer().nullable(),
    problem: p.text().nullable(),
    createdAt: time(),
  },
});
