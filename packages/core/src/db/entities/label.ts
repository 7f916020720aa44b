import { defineEntity, p } from '@mikro-orm/core';
import { flag, name } from './columns.ts';

/** What is to be known of a label besides which hosts carry it. */
export const LabelEntity = defineEntity({
  name: 'Label',
  tableName: 'labels',
  properties: {
    name: name().primary(),
    description: p.text().nullable(),
    /** Keeps a host out of what does not ask for it. */
    onlyIfNeeded: flag().default(0),
  },
});
