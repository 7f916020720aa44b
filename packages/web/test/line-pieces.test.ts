import { describe, expect, test } from 'vitest';
import { linePieces, maxShownChars } from '../src/pages/job/log/line-pieces.ts';

describe('a log line that is searched', () => {
  test('has its matches set apart whatever their case', () => {
    expect(linePieces('Error and error', 'error').pieces.map((piece) => [piece.text, piece.isMatch])).toEqual([
      ['Error', true],
      [' and ', false],
      ['error', true],
    ]);
  });

  test('finds a match that begins in one colour and ends in another', () => {
    const { pieces } = linePieces('ab\u001b[31mcd\u001b[0mef', 'bcde');
    expect(pieces.map((piece) => [piece.text, piece.isMatch, piece.classes])).toEqual([
      ['a', false, ''],
      ['b', true, ''],
      ['cd', true, 'fg-red'],
      ['e', true, ''],
      ['f', false, ''],
    ]);
  });

  test('keeps its text when nothing matches', () => {
    expect(linePieces('plain', 'x').pieces).toEqual([{ text: 'plain', classes: '', isMatch: false }]);
  });

  test('is cut where it is very long, and says by how much', () => {
    const { pieces, hiddenChars } = linePieces('x'.repeat(maxShownChars + 7), '');
    expect(pieces[0]?.text).toHaveLength(maxShownChars);
    expect(hiddenChars).toBe(7);
  });
});
