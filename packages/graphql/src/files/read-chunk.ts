import type { FileHandle } from 'node:fs/promises';
import { openFile } from './open-file.ts';
import { wholeCharacters } from './utf8.ts';

/** A part of a file as text. Offsets are bytes. */
export interface FileChunk {
  readonly path: string;
  readonly offset: number;
  readonly nextOffset: number;
  readonly text: string;
  readonly end: boolean;
}

/**
 * Reads at most `lengthBytes` (at least 4) from an offset, up to a whole character. `whole`: the file grows no more, so what stands at its end is
 * given even if it is half a character. Undefined where there is no such file.
 */
export async function readChunk(
  root: string,
  path: string,
  offset: number,
  lengthBytes: number,
  whole: boolean,
): Promise<(Omit<FileChunk, 'end'> & { readonly atEnd: boolean }) | undefined> {
  const file = await openFile(root, path);
  if (file === undefined) return undefined;
  try {
    const bytes = await readBytes(file.handle, offset, Math.min(lengthBytes, Math.max(0, file.sizeBytes - offset)));
    const atFileEnd = offset + bytes.length >= file.sizeBytes;
    const used = atFileEnd && whole ? bytes.length : wholeCharacters(bytes);
    const nextOffset = offset + used;
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, used));
    return { path, offset, nextOffset, text, atEnd: nextOffset >= file.sizeBytes };
  } finally {
    await file.handle.close();
  }
}

async function readBytes(handle: FileHandle, offset: number, length: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
