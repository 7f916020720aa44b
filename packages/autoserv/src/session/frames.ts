import { maxFrameBytes, type FollowFrame } from '@autotest/core';

/** Longest JSON line of a frame: a path of 4096 bytes, each escaped, and some. */
const maxHeaderBytes = 64 * 1024;

/**
 * Cuts the stream of `follow` into frames: one JSON line each, behind a `data` frame exactly `length` raw bytes.
 *
 * Give it chunks as they come. It throws a plain Error that says why when the stream is something else; what a host sends is never trusted.
 */
export class FrameParser {
  readonly #onFrame: (frame: FollowFrame, data: Buffer | undefined) => void;
  #chunks: Buffer[] = [];
  #size = 0;
  /** A `data` frame whose bytes are still to come. */
  #pending: Extract<FollowFrame, { type: 'data' }> | undefined;

  constructor(onFrame: (frame: FollowFrame, data: Buffer | undefined) => void) {
    this.#onFrame = onFrame;
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    while (this.#pending ? this.#takeData(this.#pending) : this.#takeHeader());
  }

  #takeData(frame: Extract<FollowFrame, { type: 'data' }>): boolean {
    if (this.#size < frame.length) return false;
    const data = this.#take(frame.length);
    this.#pending = undefined;
    this.#onFrame(frame, data);
    return true;
  }

  #takeHeader(): boolean {
    const buffer = this.#join();
    const end = buffer.indexOf(10);
    if (end > maxHeaderBytes || (end === -1 && buffer.length > maxHeaderBytes))
      throw new Error('a frame header without end');
    if (end === -1) return false;
    const line = buffer.toString('utf8', 0, end);
    this.#take(end + 1);
    const frame = parseFrame(line);
    if (frame.type === 'data') this.#pending = frame;
    else this.#onFrame(frame, undefined);
    return true;
  }

  #join(): Buffer {
    if (this.#chunks.length !== 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  #take(length: number): Buffer {
    const buffer = this.#join();
    this.#chunks = [buffer.subarray(length)];
    this.#size -= length;
    return buffer.subarray(0, length);
  }
}

function parseFrame(line: string): FollowFrame {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw new Error(`not a frame: ${JSON.stringify(line.slice(0, 100))}`);
  }
  if (isFrame(value)) return value;
  throw new Error(`not a frame: ${JSON.stringify(line.slice(0, 100))}`);
}

function isFrame(value: unknown): value is FollowFrame {
  if (typeof value !== 'object' || value === null) return false;
  const frame = value as Record<string, unknown>;
  switch (frame.type) {
    case 'data':
      return (
        typeof frame.path === 'string' &&
        isCount(frame.offset) &&
        isCount(frame.length) &&
        frame.length <= maxFrameBytes &&
        isCount(frame.mode)
      );
    case 'refused':
      return typeof frame.path === 'string' && typeof frame.why === 'string';
    case 'beat':
      return typeof frame.t === 'number' && typeof frame.clientAlive === 'boolean' && typeof frame.bootId === 'string';
    case 'started':
      return typeof frame.pid === 'number' && typeof frame.running === 'boolean' && typeof frame.resumed === 'boolean';
    case 'end':
      return frame.exitCode === undefined || Number.isSafeInteger(frame.exitCode);
    default:
      return false;
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
