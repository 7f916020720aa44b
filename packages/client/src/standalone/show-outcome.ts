import { stripVTControlCharacters } from 'node:util';
import type { ResultOutcome } from '@autotest/core';

export type Paint = (style: 'red' | 'green' | 'yellow' | 'grey' | 'bold', text: string) => string;

const codes = { red: 31, green: 32, yellow: 33, grey: 90, bold: 1 } as const;

/** Colours where a person looks at a terminal and wants them. */
export function makePaint(isTerminal: boolean, env: NodeJS.ProcessEnv = process.env): Paint {
  const forced = env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== '0';
  const on = forced || (isTerminal && !env.NO_COLOR);
  return (style, text) => (on ? `\u001b[${codes[style]}m${text}\u001b[0m` : text);
}

const looks: Readonly<Record<ResultOutcome, readonly [string, 'red' | 'green' | 'yellow' | 'grey']>> = {
  pass: ['✓', 'green'],
  fail: ['✗', 'red'],
  error: ['!', 'red'],
  warn: ['~', 'yellow'],
  skip: ['-', 'grey'],
  abort: ['■', 'red'],
  timeout: ['⏱', 'red'],
  unknown: ['?', 'yellow'],
};

/** `✗ fail` */
export function showOutcome(outcome: ResultOutcome, paint: Paint): string {
  const [mark, style] = looks[outcome];
  return paint(style, `${mark} ${outcome}`);
}

/** One line of a stranger's text, without what could move a terminal's cursor. */
export function oneLine(text: string, length = 200): string {
  const line = stripVTControlCharacters(text.split('\n', 1)[0] ?? '').replace(/\p{Cc}/gu, ' ');
  return line.length <= length ? line : `${line.slice(0, length)}…`;
}
