import { describe, expect, test } from 'vitest';
import { plainLine, styledLine } from '../src/model/ansi.ts';

describe('terminal colours in a log line', () => {
  test('become classes of the pieces they dress', () => {
    expect(styledLine('a \u001b[1;31mred\u001b[0m b')).toEqual([
      { text: 'a ', classes: '' },
      { text: 'red', classes: 'fg-red bold' },
      { text: ' b', classes: '' },
    ]);
  });

  test('take the bright ones as the basic ones, and the basic ones of the palette', () => {
    expect(styledLine('\u001b[92mx')[0]?.classes).toBe('fg-green');
    expect(styledLine('\u001b[38;5;12mx')[0]?.classes).toBe('fg-blue');
  });

  test('leave the codes behind a true colour their own meaning', () => {
    expect(styledLine('\u001b[38;2;10;20;31;1mx')).toEqual([{ text: 'x', classes: 'bold' }]);
  });

  test('never reach the text, nor does anything else a terminal would obey', () => {
    const hostile =
      '\u001b]8;;http://evil.example\u0007link\u001b]8;;\u0007 \u001b[2J\u001b[1;1H\u001b]0;title\u001b\\ok\u0000\u0008';
    expect(plainLine(hostile)).toBe('link ok');
    expect(
      styledLine(hostile)
        .map((piece) => piece.text)
        .join(''),
    ).toBe('link ok');
  });

  test('end with the line when a sequence is cut off', () => {
    expect(plainLine('text\u001b[31')).not.toContain('\u001b');
    expect(plainLine('text\u001b')).toBe('text');
  });

  test('show of overwritten progress only the last state', () => {
    expect(plainLine('10%\r50%\r100%\r')).toBe('100%');
  });

  test('read a line of a hundred thousand sequences without stalling', () => {
    expect(plainLine(`${'\u001b[31m'.repeat(100_000)}end`)).toBe('end');
    expect(plainLine('\u001b]8;;'.repeat(100_000))).toBe('');
  });

  test('keep tabs', () => {
    expect(plainLine('a\tb')).toBe('a\tb');
  });
});
