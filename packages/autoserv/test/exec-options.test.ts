import { expect, test } from 'vitest';
import { parseExecOptions } from '../src/standalone/exec-options.ts';
import { HostLines } from '../src/standalone/host-lines.ts';

test('one word is a line for a shell, several are an argument vector', () => {
  expect(parseExecOptions(['-m', 'h1', '--', 'ls | wc -l'])).toMatchObject({ command: 'ls | wc -l', parallel: 32 });
  expect(parseExecOptions(['-m', 'h1', '--timeout', '30s', '--', 'ls', '-l'])).toMatchObject({
    command: ['ls', '-l'],
    timeoutMs: 30_000,
  });
});

test.each([[['-m', 'h1']], [['-m', 'h1', '--parallel', '0', '--', 'true']], [['--no-such', '--', 'true']]])(
  '%j is refused',
  (argv) => {
    expect(() => parseExecOptions(argv)).toThrow(expect.objectContaining({ code: 'AT_USAGE' }));
  },
);

test('lines of hosts come whole, one at a time, and harmless', () => {
  let text = '';
  const lines = new HostLines({ stdout: { write: (more) => (text += more) }, stderr: { write: () => {} } });
  lines.push('h1', 'stdout', Buffer.from('a\tb\nhalf'));
  lines.push('h2', 'stdout', Buffer.from('\u001b]0;title\u0007\r\n'));
  lines.push('h1', 'stdout', Buffer.from([0xc3]));
  lines.push('h1', 'stdout', Buffer.from([0xbc, 10]));
  lines.push('h1', 'stdout', Buffer.from('x'.repeat(70_000)));
  lines.end('h1');
  expect(text).toBe(`h1: a\tb\nh2: \\x1b]0;title\\x07\nh1: halfü\nh1: ${'x'.repeat(70_000)}\n`);
});
