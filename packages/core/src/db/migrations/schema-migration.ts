import type { Constructor } from '@mikro-orm/core';
import { Migration } from '@mikro-orm/migrations';
import { collations, type Engine, type ServerEngine } from '../engine.ts';

/** One step of the schema, for both families of engines. */
export interface SchemaMigration {
  /** Sorts after all earlier ones. */
  readonly name: string;
  readonly sqlite: readonly string[];
  /** For MySQL and MariaDB; tables get the character set and the collation of the engine. */
  readonly mysql: readonly string[];
}

/** The migration as MikroORM runs it on this engine. */
export function migrationFor(engine: Engine, step: SchemaMigration): { name: string; class: Constructor<Migration> } {
  const statements = engine === 'sqlite' ? step.sqlite : step.mysql.map((sql) => withTableOptions(sql, engine));
  const SchemaStep = class extends Migration {
    override up(): void {
      for (const sql of statements) this.addSql(sql);
    }
  };
  return { name: step.name, class: SchemaStep };
}

function withTableOptions(sql: string, engine: ServerEngine): string {
  if (!sql.startsWith('create table')) return sql;
  return `${sql} default character set utf8mb4 collate ${collations[engine]} engine = InnoDB`;
}
