import { createLog } from '@autotest/core';
import { expect, test } from 'vitest';

function collect(options: { level?: 'debug' | 'warn'; format?: 'text' | 'json' } = {}) {
  const lines: string[] = [];
  const log = createLog({ ...options, write: (line) => lines.push(line), now: () => 0 });
  return { log, lines };
}

test('a text line carries time, level, message and facts', () => {
  const { log, lines } = collect();
  log.child({ entry: 7 }).info('host is fit', { host: 'h1', reason: 'two words' });
  expect(lines).toEqual(['1970-01-01T00:00:00.000Z INFO  host is fit entry=7 host=h1 reason="two words"']);
});

test('text of a stranger cannot start a line of its own', () => {
  const { log, lines } = collect();
  log.warn('bad\nline', { name: 'a\r\nb', error: new Error('c\nd') });
  expect(lines).toHaveLength(1);
  expect(lines[0]).not.toMatch(/[\r\n]/);
});

test('lines below the level are left out', () => {
  const { log, lines } = collect({ level: 'warn' });
  log.info('quiet');
  log.error('loud');
  expect(lines).toHaveLength(1);
});

test('a JSON line is one object with the error taken apart', () => {
  const { log, lines } = collect({ format: 'json' });
  log.error('failed', { error: new TypeError('no such thing'), bytes: 5n });
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({
    level: 'error',
    message: 'failed',
    bytes: '5',
    error: { name: 'TypeError', message: 'no such thing' },
  });
});
