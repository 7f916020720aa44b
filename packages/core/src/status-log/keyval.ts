import { nullRecord } from '../json/null-record.ts';

/** Value of a keyval: whole and decimal numbers become numbers where that loses nothing. */
export type KeyvalValue = string | number;
export type Keyval = Record<string, KeyvalValue>;

/** One iteration of a test. Version 0 knows no attributes and keeps the values as strings. */
export interface ClassicIteration {
  /** From 1, by position in the file. */
  readonly index: number;
  readonly attr: Readonly<Record<string, string>>;
  readonly perf: Readonly<Record<string, number | string>>;
}

/** Told about lines that were left out. */
export type KeyvalProblem = (line: number, text: string, why: string) => void;

const number = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;

/** Reads `key=value` lines. `#` begins a comment; of several lines with one key the last counts. */
export function parseKeyval(text: string, problem: KeyvalProblem = ignore): Keyval {
  const keyval = nullRecord<KeyvalValue>();
  eachLine(text, (raw, line) => {
    const content = raw.replace(/#.*$/, '').trimEnd();
    const match = /^([-.\w]+)=(.*)$/s.exec(content);
    if (match) keyval[match[1] ?? ''] = keyvalValue(match[2] ?? '');
    else if (content !== '') problem(line, raw, 'not a key=value line');
  });
  return keyval;
}

/** Reads the results of the iterations of a test: `key{perf}=1`, `key{attr}=text`, `key=1`; an empty line ends an iteration. */
export function parseIterations(text: string, problem: KeyvalProblem = ignore): ClassicIteration[] {
  return splitIterations(text, (raw, line, { attr, perf }) => {
    const match = /^(?:([^=]*)\{(\w*)\}|([^=]*))=(.*)$/s.exec(raw);
    if (!match) {
      problem(line, raw, 'not a key=value line');
      return;
    }
    const [, tagged, type = 'perf', untagged, value = ''] = match;
    const key = tagged ?? untagged ?? '';
    if (type === 'attr') attr[key] = value;
    else if (type !== 'perf') problem(line, raw, `unknown type "${type.slice(0, 40)}"`);
    else if (number.test(value.trim())) perf[key] = Number(value);
    else problem(line, raw, 'the value is not a number');
  });
}

/** The same of version 0: everything is a measurement, keys and values are kept as written. */
export function parseIterationsV0(text: string, problem: KeyvalProblem = ignore): ClassicIteration[] {
  return splitIterations(text, (raw, line, { perf }) => {
    const equals = raw.indexOf('=');
    if (equals < 0) problem(line, raw, 'not a key=value line');
    else perf[raw.slice(0, equals)] = raw.slice(equals + 1);
  });
}

interface OpenIteration {
  attr: Record<string, string>;
  perf: Record<string, number | string>;
}

function splitIterations(
  text: string,
  take: (raw: string, line: number, iteration: OpenIteration) => void,
): ClassicIteration[] {
  const iterations: ClassicIteration[] = [];
  let open: OpenIteration = { attr: nullRecord(), perf: nullRecord() };
  const close = (): void => {
    iterations.push({ index: iterations.length + 1, ...open });
    open = { attr: nullRecord(), perf: nullRecord() };
  };
  eachLine(text, (raw, line) => {
    const content = raw.trim();
    if (content === '') close();
    else take(content, line, open);
  });
  if (Object.keys(open.attr).length > 0 || Object.keys(open.perf).length > 0) close();
  return iterations;
}

function keyvalValue(text: string): KeyvalValue {
  if (!/^(?:\d+\.)?\d+$/.test(text)) return text;
  const value = Number(text);
  return text.includes('.') || Number.isSafeInteger(value) ? value : text;
}

function eachLine(text: string, take: (raw: string, line: number) => void): void {
  let from = 0;
  let line = 0;
  while (from < text.length) {
    const newline = text.indexOf('\n', from);
    const end = newline < 0 ? text.length : newline;
    line++;
    take(text.slice(from, end), line);
    from = end + 1;
  }
}

function ignore(): void {}
