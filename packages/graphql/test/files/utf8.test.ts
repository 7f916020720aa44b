import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { wholeCharacters } from '../../src/files/utf8.ts';

describe('cutting UTF-8', () => {
  test('any text cut anywhere gives the same text again, without a replaced character', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.array(fc.integer({ min: 4, max: 9 }), { minLength: 1 }),
        (text, sizes) => {
          const bytes = new TextEncoder().encode(text);
          let shown = '';
          let offset = 0;
          for (let turn = 0; offset < bytes.length; turn++) {
            const size = sizes[turn % sizes.length] ?? 4;
            const part = bytes.subarray(offset, offset + size);
            const used = wholeCharacters(part);
            shown += new TextDecoder('utf-8', { ignoreBOM: true, fatal: true }).decode(part.subarray(0, used));
            offset += used;
          }
          expect(shown).toBe(text);
        },
      ),
    );
  });

  test('bytes that are no UTF-8 never hold it up: at most 3 bytes are kept back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 4 }), (bytes) => {
        const used = wholeCharacters(bytes);
        expect(used).toBeGreaterThanOrEqual(bytes.length - 3);
        expect(used).toBeLessThanOrEqual(bytes.length);
      }),
    );
  });

  test.for([
    [[], 0],
    [[0x61], 1],
    [[0xc3], 0],
    [[0xc3, 0xa4], 2],
    [[0x61, 0xe2, 0x82], 1],
    [[0xf0, 0x9f, 0x98], 0],
    [[0xf0, 0x9f, 0x98, 0x80], 4],
    [[0xff], 1],
    [[0x80, 0x80, 0x80, 0x80], 4],
    [[0xc0], 1],
  ] as [number[], number][])('of %j the first %i bytes are whole', ([bytes, whole]) => {
    expect(wholeCharacters(Uint8Array.from(bytes))).toBe(whole);
  });
});
