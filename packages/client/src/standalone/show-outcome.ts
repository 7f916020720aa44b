import { stripVTControlCharacters } from 'node:util';
import type { ResultOutcome } from '@autotest/core';
import type { Paint } from '@autotest/core/node';

const looks: Readonly<Record<ResultOutcome, readonly [string, 'bad' | 'good' | 'warn' | 'dim']>> = {
  pass: ['✓', 'good'],
  fail: ['✗', 'bad'],
  error: ['!', 'bad'],
  warn: ['~', 'warn'],
  skip: ['-', 'dim'],
  abort: ['■', 'bad'],
  timeout: ['⏱', 'bad'],
  unknown: ['?', 'warn'],
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
