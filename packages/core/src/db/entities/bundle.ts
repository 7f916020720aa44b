import { defineEntity, p } from '@mikro-orm/core';
import { longText, name, time } from './columns.ts';

export const BundleEntity = defineEntity({
  name: 'Bundle',
  tableName: 'bundles',
  properties: {
    hash: p.string().length(128).primary(),
    fileName: name(),
    source: longText(),
    json: longText(),
    sizeBytes: p.integer(),
    createdAt: time(),
  },
});
