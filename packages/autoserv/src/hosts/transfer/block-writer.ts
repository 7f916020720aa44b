import type { FileHandle } from 'node:fs/promises';
import type { Writable } from 'node:stream';

const blockBytes = 256 * 1024;
const maxBlocks = 4;

/** Writes to a process in large blocks, the next of which is filled while others are on their way. Never holds more than 1 MiB, whatever is written. */
export class BlockWriter {
  readonly #stdin: Writable;
  readonly #free: Buffer[] = [];
  readonly #closed: Promise<never>;
  #made = 0;
  #block: Buffer;
  #used = 0;
  #wake: (() => void) | undefined;
  #error: Error | undefined;
  #inFlight = 0;

  constructor(stdin: Writable) {
    this.#stdin = stdin;
    this.#block = this.#make();
    const { promise, reject } = Promise.withResolvers<never>();
    this.#closed = promise;
    promise.catch(() => {});
    stdin.once('close', () => reject(new Error('the stream was closed')));
    stdin.once('error', reject);
  }

  async write(data: Uint8Array): Promise<void> {
    for (let at = 0; at < data.length;) {
      const part = data.subarray(at, at + this.#block.length - this.#used);
      this.#block.set(part, this.#used);
      at += part.length;
      await this.#advance(part.length);
    }
  }

  /** Copies part of a file. @param onChunk sees each piece before it is gone @returns bytes that were there, at most `bytes` */
  async copy(handle: FileHandle, position: number, bytes: number, onChunk: (chunk: Buffer) => void): Promise<number> {
    let done = 0;
    while (done < bytes) {
      const room = Math.min(bytes - done, this.#block.length - this.#used);
      const { bytesRead } = await handle.read(this.#block, this.#used, room, position + done);
      if (bytesRead === 0) break;
      onChunk(this.#block.subarray(this.#used, this.#used + bytesRead));
      done += bytesRead;
      await this.#advance(bytesRead);
    }
    return done;
  }

  /** Sends what is left and closes the stream. */
  async end(): Promise<void> {
    if (this.#used > 0) this.#send();
    while (this.#inFlight > 0) await this.#change();
    this.#stdin.end();
  }

  async #advance(bytes: number): Promise<void> {
    this.#used += bytes;
    if (this.#used < this.#block.length) return;
    this.#send();
    while (this.#free.length === 0 && this.#made >= maxBlocks) await this.#change();
    this.#block = this.#free.pop() ?? this.#make();
  }

  #send(): void {
    const block = this.#block;
    this.#inFlight += 1;
    this.#stdin.write(block.subarray(0, this.#used), (error) => {
      if (error) this.#error = error;
      this.#inFlight -= 1;
      this.#free.push(block);
      this.#wake?.();
    });
    this.#used = 0;
  }

  async #change(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await Promise.race([promise, this.#closed]);
    if (this.#error) throw this.#error;
  }

  #make(): Buffer {
    this.#made += 1;
    return Buffer.allocUnsafeSlow(blockBytes);
  }
}
