import { describe, expect, test } from 'vitest';
import { LogBuffer } from '../src/model/log-buffer.ts';

function bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}

function piece(offset: number, text: string): { offset: number; nextOffset: number; text: string } {
  return { offset, nextOffset: offset + bytes(text), text };
}

function linesOf(buffer: LogBuffer): string[] {
  return Array.from({ length: buffer.lineCount }, (_, index) => buffer.line(index));
}

describe('a log buffer', () => {
  test('joins lines that are cut between pieces', () => {
    const buffer = new LogBuffer();
    expect(buffer.append(piece(0, 'one\ntw'))).toBe(2);
    expect(buffer.append(piece(6, 'o\nthree\n'))).toBe(1);
    expect(linesOf(buffer)).toEqual(['one', 'two', 'three']);
    expect(buffer.end).toBe(14);
  });

  test('takes each byte once when a stream resumes with what is there already', () => {
    const buffer = new LogBuffer();
    buffer.append(piece(0, 'alpha\nbeta\n'));
    expect(buffer.append(piece(0, 'alpha\nbeta\n'))).toBe(0);
    expect(buffer.append(piece(6, 'beta\ngamma\n'))).toBe(1);
    expect(linesOf(buffer)).toEqual(['alpha', 'beta', 'gamma']);
  });

  test('counts bytes and not characters when pieces overlap', () => {
    const buffer = new LogBuffer();
    buffer.append(piece(0, 'grün '));
    buffer.append(piece(0, 'grün und blau\n'));
    expect(linesOf(buffer)).toEqual(['grün und blau']);
  });

  test('says where bytes are missing', () => {
    const buffer = new LogBuffer();
    buffer.append(piece(0, 'one\n'));
    buffer.append(piece(10, 'two\n'));
    expect(linesOf(buffer)).toContain('[6 bytes are missing here]');
    expect(buffer.end).toBe(14);
  });

  test('knows line numbers only once it holds the beginning', () => {
    const buffer = new LogBuffer(8);
    buffer.append(piece(8, 'ree\nfour\n'));
    expect(buffer.firstLineNumber).toBeUndefined();
    expect(buffer.prepend(piece(0, 'one\n2\nth'))).toBe(2);
    expect(linesOf(buffer)).toEqual(['one', '2', 'three', 'four']);
    expect(buffer.firstLineNumber).toBe(1);
  });

  test('does not put in front what does not end where it starts', () => {
    const buffer = new LogBuffer(8);
    buffer.append(piece(8, 'x\n'));
    expect(buffer.prepend(piece(0, 'abc\n'))).toBe(0);
    expect(linesOf(buffer)).toEqual(['x']);
  });

  test('lets the oldest lines go beyond its limit and keeps their numbers right', () => {
    const buffer = new LogBuffer(0, 100);
    let offset = 0;
    for (let i = 1; i <= 500; i += 1) {
      buffer.append(piece(offset, `line ${i}\n`));
      offset = buffer.end;
    }
    expect(buffer.lineCount).toBeLessThanOrEqual(110);
    expect(buffer.line(buffer.lineCount - 1)).toBe('line 500');
    expect(buffer.line(0)).toBe(`line ${buffer.firstLineNumber}`);
  });

  test('gives the same lines however the text is cut', () => {
    const text = 'a\n\nbb\nccc\n\n\nlast without end';
    const whole = new LogBuffer();
    whole.append(piece(0, text));
    for (let size = 1; size < text.length; size += 1) {
      const cut = new LogBuffer();
      for (let at = 0; at < text.length; at += size) cut.append(piece(at, text.slice(at, at + size)));
      expect(linesOf(cut)).toEqual(linesOf(whole));
    }
  });
});
