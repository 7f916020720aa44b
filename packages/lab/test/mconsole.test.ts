import { describe, expect, it } from 'vitest';
import { encodeRequest, readReply } from '../src/uml/mconsole.ts';

describe('the management console of User-mode Linux', () => {
  it('is asked with magic, version and length before the command', () => {
    const request = encodeRequest('version');
    expect(request.byteLength).toBe(524);
    expect(request.subarray(0, 20)).toEqual(Buffer.from('bebafeca020000000700000076657273696f6e00', 'hex'));
    expect(() => encodeRequest('x'.repeat(512))).toThrow('too long');
  });

  it('answers in datagrams, however they are cut on the way', async () => {
    const bytes = Buffer.concat([datagram('one\n', 1), datagram('two\n', 0)]);
    for (const cut of [1, 12, 17, 30])
      expect(await readReply(stream([bytes.subarray(0, cut), bytes.subarray(cut)]))).toBe('one\ntwo');
  });

  it('gives what there is where the kernel dropped the end, and fails where there is nothing', async () => {
    expect(await readReply(stream([datagram('one\n', 1)]))).toBe('one');
    await expect(readReply(stream([]))).rejects.toThrow('no answer');
  });

  it('passes on what the kernel refuses', async () => {
    await expect(readReply(stream([datagram('Unknown command', 0, 1)]))).rejects.toThrow('Unknown command');
  });
});

function datagram(text: string, more: number, error = 0): Buffer {
  const data = Buffer.from(`${text}\0`);
  const header = Buffer.alloc(12);
  header.writeUInt32LE(error, 0);
  header.writeUInt32LE(more, 4);
  header.writeUInt32LE(data.byteLength, 8);
  return Buffer.concat([header, data]);
}

async function* stream(chunks: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* chunks;
}
