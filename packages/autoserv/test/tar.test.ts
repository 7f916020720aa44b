import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readTar, type ReadEntry } from '../src/hosts/transfer/tar-reader.ts';
import { tarEnd, tarHeader, tarPadding } from '../src/hosts/transfer/tar-header.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'tar-test-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function archive(entries: readonly { path: string; content?: string; target?: string }[]): Buffer {
  return Buffer.concat([
    ...entries.flatMap(({ path, content = '', target }) => {
      const size = Buffer.byteLength(content);
      const kind = target === undefined ? ('file' as const) : ('link' as const);
      const entry = { path, kind, mode: 0o640, size, ...(target !== undefined && { target }) };
      return [tarHeader(entry), Buffer.from(content), tarPadding(size)];
    }),
    tarEnd,
  ]);
}

async function read(data: Buffer, chunkBytes = 700): Promise<(ReadEntry & { content: string })[]> {
  const found: (ReadEntry & { content: string })[] = [];
  async function* chunks() {
    for (let at = 0; at < data.length; at += chunkBytes) yield data.subarray(at, at + chunkBytes);
  }
  await readTar(chunks(), {
    entry: (entry) => found.push({ ...entry, content: '' }) > 0,
    data: (chunk) => {
      const last = found.at(-1);
      if (last) last.content += chunk.toString();
    },
    end: () => {},
  });
  return found;
}

describe('archives', () => {
  test('are read by tar, long names and links included', () => {
    const long = `${'d'.repeat(90)}/${'f'.repeat(200)}`;
    const data = archive([
      { path: long, content: 'deep' },
      { path: 'link', target: 't'.repeat(150) },
      { path: 'new\nline', content: 'x' },
    ]);
    writeFileSync(join(dir, 'a.tar'), data);
    execFileSync('tar', ['-xf', 'a.tar'], { cwd: dir });
    expect(readFileSync(join(dir, long), 'utf8')).toBe('deep');
    expect(readlinkSync(join(dir, 'link'))).toBe('t'.repeat(150));
    expect(readFileSync(join(dir, 'new\nline'), 'utf8')).toBe('x');
  });

  test.each(['gnu', 'pax', 'ustar'])('of tar in the format %s are read', async (format) => {
    const name = `${'n'.repeat(60)}/${'m'.repeat(80)}`;
    execFileSync('mkdir', [join(dir, 'n'.repeat(60))]);
    writeFileSync(join(dir, name), 'content');
    const data = execFileSync('tar', [`--format=${format}`, '-cf', '-', name], { cwd: dir });
    expect(await read(Buffer.concat([data, data]))).toMatchObject([
      { path: name, kind: 'file', content: 'content' },
      { path: name, kind: 'file', content: 'content' },
    ]);
  });

  test('come back as they were, however the stream is cut', async () => {
    const entry = fc.record({
      path: fc
        .string({ minLength: 1, maxLength: 300, unit: 'grapheme' })
        .filter((text) => !text.includes('\0') && text.isWellFormed()),
      content: fc.string({ maxLength: 2000 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(entry, { maxLength: 5 }), fc.integer({ min: 1, max: 3000 }), async (entries, cut) => {
        const found = await read(archive(entries), cut);
        expect(found.map(({ path, content }) => ({ path, content }))).toEqual(entries);
      }),
      { numRuns: 100 },
    );
  });

  test('that are none, or cut off, are refused', async () => {
    await expect(read(Buffer.from('x'.repeat(2000)))).rejects.toThrow(/no archive/);
    const data = archive([{ path: 'a', content: 'y'.repeat(1000) }]);
    await expect(read(data.subarray(0, 900))).rejects.toThrow(/cut off/);
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 3000 }), async (bytes) => {
        await read(Buffer.from(bytes)).catch((error: unknown) => expect(error).toBeInstanceOf(Error));
      }),
    );
  });

  test('hold files of more than 8 GiB', async () => {
    const size = 9 * 1024 ** 3 + 1;
    const header = tarHeader({ path: 'big', kind: 'file', mode: 0o644, size });
    const seen: number[] = [];
    const stream = (async function* () {
      yield header;
    })();
    await readTar(stream, { entry: (entry) => seen.push(entry.size) < 0, data() {}, end() {} }).catch(() => {});
    expect(seen).toEqual([size]);
  });
});
