import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TelnetCodec } from '../../src/console/telnet.ts';

const negotiation = fc.oneof(
  fc.tuple(fc.constantFrom(251, 252, 253, 254), fc.nat(254)).map(([verb, option]) => [255, verb, option]),
  fc.constantFrom([255, 241], [255, 249], [255, 246]),
  fc.array(fc.nat(239), { maxLength: 10 }).map((bytes) => [255, 250, ...bytes, 255, 240]),
);
const text = fc.uint8Array({ maxLength: 20 }).map((bytes) => bytes.filter((byte) => byte !== 13));

/** Cuts bytes into chunks at the given places. */
function cut(bytes: readonly number[], places: readonly number[]): Uint8Array[] {
  const at = [...new Set(places.map((place) => place % (bytes.length + 1)))].toSorted((a, b) => a - b);
  return [...at, bytes.length].map((end, index) => Uint8Array.from(bytes.slice(at[index - 1] ?? 0, end)));
}

test('negotiation goes, data stays, wherever chunks end', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(text, negotiation)), fc.array(fc.nat()), (parts, places) => {
      const line = parts.flatMap(([data, words]) => [
        ...[...data].flatMap((b) => (b === 255 ? [255, 255] : [b])),
        ...words,
      ]);
      const codec = new TelnetCodec();
      const got = cut(line, places).map((chunk) => codec.decode(chunk).data);
      expect(Buffer.concat(got)).toEqual(Buffer.concat(parts.map(([data]) => data)));
    }),
  );
});

test('any bytes end in finitely many answers, and two of us never talk for ever', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const [here, there] = [new TelnetCodec(), new TelnetCodec()];
      let reply = here.decode(bytes).reply;
      for (let turn = 0; reply.length > 0; turn++) {
        expect(turn).toBeLessThan(2000);
        reply = (turn % 2 === 0 ? there : here).decode(reply).reply;
      }
    }),
  );
});

test('what one end sends the other gets', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat()), (bytes, places) => {
      const sent = [...new TelnetCodec().encode(bytes)];
      const codec = new TelnetCodec();
      const got = cut(sent, places).map((chunk) => codec.decode(chunk).data);
      expect(Buffer.concat(got)).toEqual(Buffer.from(bytes));
    }),
  );
});

test('offers of a clear line are taken, others refused', () => {
  const { reply } = new TelnetCodec().decode(
    Uint8Array.from([255, 251, 1, 255, 253, 0, 255, 253, 24, 255, 251, 3, 255, 251, 3]),
  );
  expect([...reply]).toEqual([255, 253, 1, 255, 251, 0, 255, 252, 24, 255, 253, 3]);
});
