import { stringify } from 'yaml';
import { formatTable, type Column } from './table.ts';

export const outputFormats = ['table', 'json', 'yaml'] as const;
export type OutputFormat = (typeof outputFormats)[number];

const defaultFormat: OutputFormat = 'table';

/** The option `-o` of commands that print things. */
export const outputOption = {
  alias: 'o',
  choices: outputFormats,
  default: defaultFormat,
  describe: 'how to print',
} as const;

/** Prints a list: as a table for people, or whole for programs. Data goes to stdout, messages never do. */
export function printList<T>(
  rows: readonly T[],
  format: OutputFormat,
  columns: readonly Column<T>[],
  none: string,
): void {
  if (format !== 'table') return printData(rows, format);
  if (rows.length === 0) return note(none);
  console.log(formatTable(rows, columns));
}

/** Prints one thing: as aligned `key: value` lines for people, or whole for programs. */
export function printThing(
  thing: unknown,
  format: OutputFormat,
  facts: readonly (readonly [string, string | null | undefined])[],
): void {
  if (format !== 'table') return printData(thing, format);
  const shown = facts.filter(([, value]) => value !== null && value !== undefined && value !== '');
  const width = Math.max(...shown.map(([key]) => key.length));
  for (const [key, value] of shown) console.log(`${key.padEnd(width)}  ${value ?? ''}`);
}

export function printData(value: unknown, format: 'json' | 'yaml'): void {
  process.stdout.write(format === 'json' ? `${JSON.stringify(value, null, 2)}\n` : stringify(value));
}

/** A message for people, on stderr. */
export function note(message: string): void {
  process.stderr.write(`${message}\n`);
}
