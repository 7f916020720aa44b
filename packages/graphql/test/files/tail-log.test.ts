import { appendFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { LocalResults } from '@autotest/core/node';
import { cancellable } from '../../src/events/cancellable.ts';
import type { FileChunk } from '../../src/files/read-chunk.ts';
import { tailLog } from '../../src/files/tail-log.ts';

const path = 'debug/client.h1.log';

async function start(offset = 0) {
  const root = await mkdtemp(join(tmpdir(), 'autotest-tail-'));
  onTestFinished(() => rm(root, { recursive: true }));
  const file = join(root, path);
  const state = { over: false };
  const stream = cancellable(new AbortController().signal, (signal) =>
    tailLog({ results: new LocalResults(root), path, offset, signal, isOver: async () => state.over, pollMs: 20 }),
  );
  onTestFinished(async () => void (await stream.return()));
  return {
    file,
    state,
    stream,
    write: async (content: string | Uint8Array): Promise<void> => {
      await mkdir(dirname(file), { recursive: true });
      await appendFile(file, content);
    },
    next: async (): Promise<FileChunk> => {
      const { value } = await stream.next();
      if (!value) throw new Error('The log has ended.');
      return value;
    },
  };
}

describe('the tail of a log', () => {
  test('gives what is there, then what is added, then the end', async () => {
    const { write, next, state, stream } = await start();
    await write('one\n');
    expect(await next()).toEqual({ path, offset: 0, nextOffset: 4, text: 'one\n', end: false });
    const second = next();
    await write('two\n');
    expect(await second).toEqual({ path, offset: 4, nextOffset: 8, text: 'two\n', end: false });
    state.over = true;
    expect(await next()).toEqual({ path, offset: 8, nextOffset: 8, text: '', end: true });
    expect((await stream.next()).done).toBe(true);
  });

  test('waits for a file, and for its directory, that do not exist yet', async () => {
    const { write, next } = await start();
    const first = next();
    await write('late');
    expect((await first).text).toBe('late');
  });

  test('of a file that never came is an end', async () => {
    const { next, state } = await start();
    state.over = true;
    expect(await next()).toEqual({ path, offset: 0, nextOffset: 0, text: '', end: true });
  });

  test('goes on at an offset', async () => {
    const { write, next, state } = await start(4);
    await write('one\ntwo\n');
    state.over = true;
    expect(await next()).toEqual({ path, offset: 4, nextOffset: 8, text: 'two\n', end: true });
  });

  test('keeps half a character back until the other half comes', async () => {
    const { write, next } = await start();
    const smile = Buffer.from('a😀');
    await write(smile.subarray(0, 3));
    expect(await next()).toMatchObject({ text: 'a', nextOffset: 1 });
    const second = next();
    await write(smile.subarray(3));
    expect(await second).toMatchObject({ text: '😀', nextOffset: 5 });
  });

  test('gives half a character at the very end as replaced, and all bytes are counted', async () => {
    const { write, next, state } = await start();
    await write(Buffer.from([0x61, 0xf0, 0x9f]));
    state.over = true;
    expect(await next()).toEqual({ path, offset: 0, nextOffset: 3, text: 'a\uFFFD', end: true });
  });

  test('comes in pieces that join to the whole, however large it is', async () => {
    const { write, stream, state } = await start();
    const text = 'zeile ä€😀\n'.repeat(20_000);
    await write(text);
    state.over = true;
    let shown = '';
    let offset = 0;
    for await (const chunk of stream) {
      expect(chunk.offset).toBe(offset);
      offset = chunk.nextOffset;
      shown += chunk.text;
    }
    expect(shown).toBe(text);
    expect(offset).toBe(Buffer.byteLength(text));
  });

  test('is left at once by a consumer that waits for nothing', async () => {
    const { next, stream } = await start();
    const waiting = next().catch(() => 'ended');
    await stream.return();
    expect(await waiting).toBe('ended');
  });

  test('waits at an offset that the file has not reached', async () => {
    const { write, next, file } = await start(10);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, 'short');
    const first = next();
    await write('and longer');
    expect(await first).toMatchObject({ offset: 10, text: 'onger' });
  });
});
