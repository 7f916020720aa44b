import { p } from '@mikro-orm/core';

/**
 * Kinds of columns, the same on all engines. Columns are named as the fields of the rows, so that no query has to translate.
 * Values that drivers treat differently are stored in the plainest form: times as ms, flags as 0 and 1, structures as JSON text.
 */

/** Serial number of a row. */
export const id = () => p.integer().primary().autoincrement();

/** Serial number where there are many rows. */
export const bigId = () =>
  // SQLite knows serial numbers of one type only, so what it has never is what this says.
  p.bigint('number').primary().autoincrement().ignoreSchemaChanges('type');

/** ms since the epoch. */
export const time = () => p.bigint('number');

/** 0 or 1. */
export const flag = () => p.boolean().$type<number>();

/** JSON text of an array or an object. Some drivers give it parsed: read it with `fromJson`. */
export const json = () => p.json().$type<string>();

/** A word of a fixed list. */
export const word = () => p.string().length(32);

/** A name that people give; may be indexed. */
export const name = () => p.string().length(255);

/** Text of any length that is no JSON column. */
export const longText = () => p.text().columnType('longtext');
