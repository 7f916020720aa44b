import { describe, expect, it } from 'vitest';
import { chunks, clipName, clipReason, maxReasonBytes, rowReader } from '../../src/db/values.ts';

describe('values of columns', () => {
  it('keep different long names different', () => {
    const long = 'x'.repeat(300);
    const clipped = [clipName(`${long}1`), clipName(`${long}2`)];
    expect(new Set(clipped).size).toBe(2);
    expect(clipped.every((name) => name.length <= 255)).toBe(true);
    expect(clipName('short')).toBe('short');
  });

  it('never end in half a character', () => {
    for (let shift = 0; shift < 4; shift++) {
      const text = `${'a'.repeat(shift)}${'😀'.repeat(40_000)}`;
      expect(clipName(text).isWellFormed()).toBe(true);
      const reason = clipReason(text);
      expect(reason.isWellFormed()).toBe(true);
      expect(Buffer.byteLength(reason)).toBeLessThanOrEqual(maxReasonBytes);
      expect(reason).toContain(`[cut, ${Buffer.byteLength(text)} bytes]`);
    }
  });

  it('become rows without nulls, with JSON and flags read', () => {
    const read = rowReader<Record<string, unknown>>({ json: ['a', 'b'], flags: ['f'], hidden: ['h'] });
    expect(read({ a: '[1]', b: { c: 1 }, f: 1, h: 'x', n: null, t: '[1]' })).toEqual({
      a: [1],
      b: { c: 1 },
      f: true,
      t: '[1]',
    });
  });

  it('are cut into parts', () => {
    expect(chunks([1, 2, 3], 2)).toEqual([[1, 2], [3]]);
    expect(chunks([])).toEqual([]);
  });
});
