import { initial } from './0001-initial.ts';
import type { SchemaMigration } from './schema-migration.ts';

/** All steps, oldest first. */
export const schemaMigrations: readonly SchemaMigration[] = [initial];
