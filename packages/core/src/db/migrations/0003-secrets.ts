import type { SchemaMigration } from './schema-migration.ts';

/** What the programs of one installation share and nobody else may know. */
export const secrets: SchemaMigration = {
  name: '0003-secrets',
  sqlite: [
    'create table `secrets` (`name` text not null primary key, `value` text not null, `createdAt` bigint not null)',
  ],
  mysql: [
    'create table `secrets` (`name` varchar(255) not null, `value` text not null, `createdAt` bigint not null, primary key (`name`))',
  ],
};
