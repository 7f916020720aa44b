import { once } from 'node:events';
import type { Writable } from 'node:stream';
import type { FollowFrame } from '@autotest/core';

/** Writes frames to a stream, no faster than its reader takes them. */
export class FrameWriter {
  readonly #out: Writable;
  #queue: Promise<void> = Promise.resolve();

  constructor(out: Writable) {
    this.#out = out;
  }

  /** Frames come whole and in the order of the calls. */
  write(frame: FollowFrame, data?: Uint8Array): Promise<void> {
    this.#queue = this.#queue.then(() => this.#write(frame, data));
    return this.#queue;
  }

  async #write(frame: FollowFrame, data: Uint8Array | undefined): Promise<void> {
    this.#out.cork();
    let room = this.#out.write(`${JSON.stringify(frame)}\n`);
    if (data && data.length > 0) room = this.#out.write(data);
    this.#out.uncork();
    if (!room && !this.#out.destroyed) await once(this.#out, 'drain');
  }
}
