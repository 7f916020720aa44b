import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ConsoleLog } from '../../src/console/console-log.ts';
import { ConsoleLineSplitter } from '../../src/console/line-splitter.ts';
import { RecentText } from '../../src/console/recent-text.ts';
import { safeText } from '../../src/console/safe-text.ts';

function linesOf(...chunks: string[]): string[] {
  const splitter = new ConsoleLineSplitter();
  const lines = chunks.flatMap((chunk) => splitter.push(Buffer.from(chunk), 1));
  return [...lines, ...splitter.flush()].map(({ text }) => text);
}

test('every kind of line break ends a line once, wherever chunks end', () => {
  expect(linesOf('a\r\nb\nc\rd\r\r\ne\n\nf')).toEqual(['a', 'b', 'c', 'd', 'e', '', 'f']);
  expect(linesOf('a\r', '\nb\r', 'c', '\r\n')).toEqual(['a', 'b', 'c']);
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-zé ]{0,20}$/), { minLength: 1 }), fc.nat(), (lines, place) => {
      const bytes = Buffer.from(lines.map((line) => `${line}\r\n`).join(''));
      const splitter = new ConsoleLineSplitter();
      const at = place % (bytes.length + 1);
      const got = [bytes.subarray(0, at), bytes.subarray(at)].flatMap((chunk) => splitter.push(chunk, 1));
      expect(got.map(({ text }) => text)).toEqual(lines);
    }),
  );
});

test('a line without end is cut', () => {
  const lines = linesOf('x'.repeat(10_000));
  expect(lines.map((line) => line.length)).toEqual([4096, 4096, 1808]);
});

test('nothing of a console reaches a terminal as an order', () => {
  expect(safeText('\u001b[1;31mred\u001b[0m \u001b]0;title\u0007x\u001b(B \u001b[2J')).toBe('red x ');
  expect(safeText('a\u0000\u0008\u009b\u001b\u202e\tb')).toBe('a\\x00\\x08\\x9b\\x1b\\u202e\tb');
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      // oxlint-disable-next-line no-control-regex -- control characters are what is looked for
      expect(safeText(text)).not.toMatch(/[\u0000-\u0008\u000e-\u001f\u007f-\u009f]/);
    }),
  );
});

test('a log keeps its beginning and its end, within its limit', () => {
  const directory = mkdtempSync(join(tmpdir(), 'console-log-'));
  try {
    const log = new ConsoleLog(directory, 'h/1', { maxBytes: 8000, complain: (why) => expect.unreachable(why) });
    for (let n = 0; n < 1000; n++) log.write([{ t: 0, text: `line ${n}` }]);
    const debug = join(directory, 'debug');
    const files = readdirSync(debug);
    const bytes = files.reduce((sum, file) => sum + statSync(join(debug, file)).size, 0);
    expect(bytes).toBeLessThan(8200);
    expect(readFileSync(join(directory, log.path), 'utf8')).toMatch(/^1970-01-01T00:00:00.000Z line 0\n/);
    const tail = files.find((file) => file.endsWith('.tail.log')) ?? '';
    expect(readFileSync(join(debug, tail), 'utf8')).toMatch(/line 999\n$/);
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('places in the recent text stay the same while it grows', () => {
  const recent = new RecentText();
  recent.addLine('h1 login: root');
  const first = recent.find(/login: /g, 0, '');
  expect(first).toEqual({ text: 'login: ', end: 10 });
  expect(recent.find(/login: /, first?.end ?? 0, '')).toBeUndefined();
  for (let n = 0; n < 20_000; n++) recent.addLine('0123456789');
  expect(recent.find(/h1 log/, 0, '')).toBeUndefined();
  const end = recent.end('h1 lo');
  expect(recent.find(/h1 login/, end - 5, 'h1 login')).toEqual({ text: 'h1 login', end: end + 3 });
});
