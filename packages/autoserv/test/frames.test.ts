import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { FollowFrame } from '@autotest/core';
import { FrameParser } from '../src/session/frames.ts';

interface Got {
  readonly frame: FollowFrame;
  readonly data: string | undefined;
}

function parse(chunks: readonly Buffer[]): Got[] {
  const got: Got[] = [];
  const parser = new FrameParser((frame, data) => got.push({ frame, data: data?.toString('latin1') }));
  for (const chunk of chunks) parser.push(chunk);
  return got;
}

test('frames come out the same, however the stream is cut', () => {
  const frame = fc.oneof(
    fc.record({ path: fc.string({ unit: 'binary', maxLength: 20 }), bytes: fc.uint8Array({ maxLength: 300 }) }),
    fc.constant('beat' as const),
  );
  fc.assert(
    fc.property(
      fc.array(frame, { maxLength: 10 }),
      fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1 }),
      (frames, cuts) => {
        const parts = frames.flatMap((one) =>
          one === 'beat'
            ? [Buffer.from(`${JSON.stringify({ type: 'beat', t: 1, clientAlive: true, bootId: 'b' })}\n`)]
            : [
                Buffer.from(
                  `${JSON.stringify({ type: 'data', path: one.path, offset: 0, length: one.bytes.length, mode: 420 })}\n`,
                ),
                Buffer.from(one.bytes),
              ],
        );
        const stream = Buffer.concat(parts);
        const chunks: Buffer[] = [];
        for (let at = 0, n = 0; at < stream.length; n++) {
          const size = cuts[n % cuts.length] ?? 1;
          chunks.push(stream.subarray(at, at + size));
          at += size;
        }
        const got = parse(chunks);
        expect(got.map(({ data }) => data)).toEqual(
          frames.map((one) => (one === 'beat' ? undefined : Buffer.from(one.bytes).toString('latin1'))),
        );
      },
    ),
  );
});

test.each([
  'hello\n',
  '{"type":"other"}\n',
  '{"type":"data","path":"a","offset":-1,"length":1,"mode":420}\n',
  '{"type":"data","path":"a","offset":0,"length":999999999,"mode":420}\n',
  '{"type":"data","path":7,"offset":0,"length":1,"mode":420}\n',
  'x'.repeat(70_000),
])('what is no frame is refused: %.40s', (text) => {
  expect(() => parse([Buffer.from(text)])).toThrow(/frame/);
});

test('any bytes give frames or an error, never a hang', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), (chunks) => {
      try {
        parse(chunks.map((chunk) => Buffer.from(chunk)));
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }),
  );
});
