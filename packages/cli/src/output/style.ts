import { styleText } from 'node:util';

type Style = Parameters<typeof styleText>[0];

/** Colours text when the stream is a terminal that wants colours (NO_COLOR, FORCE_COLOR are honoured). */
export function paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  return styleText(style, text, { stream });
}

const styles: Readonly<Record<string, Style>> = {
  pass: 'green',
  passed: 'green',
  ready: 'green',
  warn: 'yellow',
  fail: 'red',
  failed: 'red',
  error: 'red',
  abort: 'magenta',
  aborted: 'magenta',
  timeout: 'magenta',
  timedOut: 'magenta',
  repairFailed: 'red',
  skip: 'gray',
  stopped: 'gray',
  queued: 'gray',
  running: 'cyan',
};

/** A state or outcome in its colour. */
export function paintState(state: string): string {
  const style = styles[state];
  return style === undefined ? state : paint(style, state);
}

const marks: Readonly<Record<string, string>> = {
  pass: '✓',
  fail: '✗',
  error: '✗',
  warn: '!',
  skip: '-',
  abort: '■',
  timeout: '◷',
  unknown: '?',
};

/** One sign for an outcome, in its colour; `…` while there is none. */
export function outcomeMark(outcome: string | null | undefined): string {
  if (!outcome) return '…';
  const style = styles[outcome];
  const mark = marks[outcome] ?? '?';
  return style === undefined ? mark : paint(style, mark);
}
