import { initial } from './0001-initial.ts';
import { scheduling } from './0002-scheduling.ts';
import { secrets } from './0003-secrets.ts';
import type { SchemaMigration } from './schema-migration.ts';

/** All steps, oldest first. */
export const schemaMigrations: readonly SchemaMigration[] = [initial, scheduling, secrets];
