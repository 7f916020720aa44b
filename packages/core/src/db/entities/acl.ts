import { defineEntity, p } from '@mikro-orm/core';
import { HostEntity } from './host.ts';
import { id, name } from './columns.ts';

/** Users and hosts that belong together. A host in no group is everybody's. */
export const AclGroupEntity = defineEntity({
  name: 'AclGroup',
  tableName: 'acl_groups',
  properties: { id: id(), name: name().unique(), description: p.text().nullable() },
});

/** By login: a user that is deleted and added again is the same person. */
export const AclUserEntity = defineEntity({
  name: 'AclUser',
  tableName: 'acl_users',
  properties: {
    groupId: () =>
      p.manyToOne(AclGroupEntity).mapToPk().fieldName('groupId').primary().deleteRule('cascade').index(false),
    login: name().primary(),
  },
});

export const AclHostEntity = defineEntity({
  name: 'AclHost',
  tableName: 'acl_hosts',
  properties: {
    groupId: () =>
      p.manyToOne(AclGroupEntity).mapToPk().fieldName('groupId').primary().deleteRule('cascade').index(false),
    hostId: () => p.manyToOne(HostEntity).mapToPk().fieldName('hostId').primary().deleteRule('cascade'),
  },
});
