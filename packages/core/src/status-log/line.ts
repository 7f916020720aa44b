import { nullRecord } from '../json/null-record.ts';
import { statusCodes, type StatusCode } from './status.ts';

/**
 * One record of a status log (grammar: docs/reference/status-log.md).
 *
 * ```
 * line  = { TAB } code TAB subdir TAB operation TAB { key "=" value TAB } message NEWLINE
 * extra = SPACE SPACE text NEWLINE
 * ```
 */
export interface StatusEntry {
  /** Number of open START lines around this one; an END line has the indent of its START. */
  readonly indent: number;
  readonly code: StatusCode;
  /** `null` is written `----`. */
  readonly subdir: string | null;
  readonly operation: string | null;
  /** In the order in which they are written. `timestamp` is epoch seconds; `localtime` is for people only. */
  readonly fields: Readonly<Record<string, string>>;
  /** First line of the message; empty where there is none. */
  readonly message: string;
  /** Further lines of the message. */
  readonly extraLines: readonly string[];
}

/** What one physical line is. */
export type ParsedStatusLine =
  | { readonly kind: 'entry'; readonly entry: StatusEntry }
  /** Continues the message of the line above. */
  | { readonly kind: 'extra'; readonly text: string }
  | { readonly kind: 'blank' }
  | { readonly kind: 'bad'; readonly why: string };

export interface ParseLineOptions {
  /** Accept lines which end right after the third column. The original ignores them. @default false */
  readonly shortLines?: boolean;
}

const codes: ReadonlyMap<string, StatusCode> = new Map(statusCodes.map((code) => [code, code]));
const noExtraLines: readonly string[] = Object.freeze([]);
const noFields: Readonly<Record<string, string>> = Object.freeze(nullRecord<string>());
const noName = '----';
const blank: ParsedStatusLine = { kind: 'blank' };
const tabCode = 9;

/**
 * Text of one record, every line ended by a newline. What the grammar has no escape for is changed: a TAB in the message
 * becomes eight blanks; CR, VT and FF in the message become blanks, as do these and TAB and newline in field values; control
 * characters in names are percent-escaped; fields whose key is not made of word characters and dots are left out. A newline
 * in the message begins an extra line.
 */
export function formatStatusLine(entry: StatusEntry): string {
  const [first = '', ...rest] = entry.message.split('\n');
  const columns = [entry.code, formatName(entry.subdir), formatName(entry.operation)];
  for (const [key, value] of Object.entries(entry.fields)) {
    if (/^[\w.]+$/.test(key)) columns.push(`${key}=${value.replace(/[\t\n\r\v\f]/g, ' ')}`);
  }
  columns.push(blankControls(first).replaceAll('\t', ' '.repeat(8)));
  const line = '\t'.repeat(entry.indent) + columns.join('\t') + '\n';
  const extra = [...rest, ...entry.extraLines].flatMap((text) => text.split('\n'));
  return line + extra.map((text) => `  ${blankControls(text)}\n`).join('');
}

/** The two fields every line carries. `localtime` is written in English and in the time zone of the process. */
export function timeFields(when: Date): { timestamp: string; localtime: string } {
  const month = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'][when.getMonth()];
  const clock = [when.getHours(), when.getMinutes(), when.getSeconds()].map(twoDigits).join(':');
  return {
    timestamp: String(Math.floor(when.getTime() / 1000)),
    localtime: `${month} ${twoDigits(when.getDate())} ${clock}`,
  };
}

/**
 * Reads one physical line, without its newline. Never throws.
 *
 * The columns after the third are fields as long as they look like `key=value`; the rest is the message. The last column is
 * the message even where it looks like a field, once the line has told its time: so a message `a=b` is kept.
 */
export function parseStatusLine(text: string, options: ParseLineOptions = {}): ParsedStatusLine {
  if (text.startsWith('  ')) return { kind: 'extra', text: text.slice(2) };
  const line = text.includes('\r') ? text.replaceAll('\r\0', '').replace(/\r$/, '') : text;
  let indent = 0;
  while (line.charCodeAt(indent) === tabCode) indent++;
  if (indent === line.length) return blank;

  const codeEnd = line.indexOf('\t', indent);
  const subdirEnd = codeEnd < 0 ? -1 : line.indexOf('\t', codeEnd + 1);
  if (subdirEnd < 0) return bad('not a status line');
  let operationEnd = line.indexOf('\t', subdirEnd + 1);
  if (operationEnd < 0) {
    if (!options.shortLines) return bad('nothing follows the third column');
    operationEnd = line.length;
  }
  if (subdirEnd === codeEnd + 1 || operationEnd === subdirEnd + 1) return bad('empty column');
  const word = line.slice(indent, codeEnd);
  const code = codes.get(word);
  if (code === undefined) return bad(`unknown status word "${word.slice(0, 40)}"`);

  const tail = parseTail(line, operationEnd + 1);
  const entry: StatusEntry = {
    indent,
    code,
    subdir: parseName(line.slice(codeEnd + 1, subdirEnd)),
    operation: parseName(line.slice(subdirEnd + 1, operationEnd)),
    fields: tail.fields,
    message: tail.message,
    extraLines: noExtraLines,
  };
  return { kind: 'entry', entry };
}

function parseTail(line: string, start: number): { fields: Readonly<Record<string, string>>; message: string } {
  if (start >= line.length) return { fields: noFields, message: '' };
  const fields = nullRecord<string>();
  let from = start;
  while (from <= line.length) {
    const tab = line.indexOf('\t', from);
    const end = tab < 0 ? line.length : tab;
    const equals = endOfKey(line, from);
    if (equals < 0) break;
    const key = line.slice(from, equals);
    if (tab < 0 && !isTrailingField(key, fields)) break;
    fields[key] = line.slice(equals + 1, end);
    from = end + 1;
  }
  return { fields, message: line.slice(from) };
}

/** A last column is a field only in lines written without a message column, and those end in one of the two times. */
function isTrailingField(key: string, fields: Readonly<Record<string, string>>): boolean {
  if (key !== 'timestamp' && key !== 'localtime') return false;
  return fields[key] === undefined;
}

/** Position of the `=` that ends a key beginning at `from`, or -1 where the column is no field. */
function endOfKey(line: string, from: number): number {
  let at = from;
  while (isKeyCharacter(line.charCodeAt(at))) at++;
  return at > from && line.charCodeAt(at) === 61 ? at : -1;
}

function isKeyCharacter(c: number): boolean {
  return (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || (c >= 48 && c <= 57) || c === 95 || c === 46;
}

function parseName(column: string): string | null {
  return column === noName ? null : column;
}

function formatName(name: string | null): string {
  if (!name) return noName;
  return name.replace(/[\t\n\v\f\r]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`);
}

function blankControls(text: string): string {
  return text.replace(/[\r\v\f]/g, ' ');
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

function bad(why: string): ParsedStatusLine {
  return { kind: 'bad', why };
}
