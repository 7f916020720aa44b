import type { FileBytes } from '@autotest/core/node';
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
 * Bytes from an offset as text, up to a whole character. `whole`: the file grows no more, so what stands at its end is given even if it is half a character; `end` says then that nothing
 * is left.
 */
export function toChunk(path: string, offset: number, { bytes, sizeBytes }: FileBytes, whole: boolean): FileChunk {
  const atFileEnd = offset + bytes.length >= sizeBytes;
  const used = atFileEnd && whole ? bytes.length : wholeCharacters(bytes);
  const nextOffset = offset + used;
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes.subarray(0, used));
  return { path, offset, nextOffset, text, end: whole && nextOffset >= sizeBytes };
}
