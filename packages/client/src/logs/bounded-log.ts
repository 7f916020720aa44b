import { closeSync, openSync, writeSync } from 'node:fs';

/**
 * A log file of raw bytes that cannot fill the disk: what comes after the first `headBytes` is dropped but for its last `tailBytes`, which are
 * written when it is closed. Bytes are written at once.
 */
export class BoundedLog {
  readonly #fd: number;
  readonly #headBytes: number;
  readonly #tailBytes: number;
  #written = 0;
  #tail: Buffer[] = [];
  #tailSize = 0;
  #dropped = 0;

  constructor(file: string, headBytes = 64 * 1024 * 1024, tailBytes = 256 * 1024) {
    this.#fd = openSync(file, 'a');
    this.#headBytes = headBytes;
    this.#tailBytes = tailBytes;
  }

  write(chunk: Uint8Array): void {
    const room = Math.max(0, this.#headBytes - this.#written);
    if (room > 0) this.#append(chunk.subarray(0, room));
    if (chunk.length > room) this.#keepTail(Buffer.from(chunk.subarray(room)));
  }

  close(): void {
    if (this.#tailSize > 0) {
      const tail = Buffer.concat(this.#tail);
      const kept = tail.subarray(Math.max(0, tail.length - this.#tailBytes));
      const dropped = this.#dropped + tail.length - kept.length;
      if (dropped > 0) this.#append(Buffer.from(`\n[${dropped} bytes were dropped here]\n`));
      this.#append(kept);
    }
    closeSync(this.#fd);
  }

  #append(chunk: Uint8Array): void {
    try {
      for (let at = 0; at < chunk.length;) at += writeSync(this.#fd, chunk, at);
      this.#written += chunk.length;
    } catch {
      // A full disk must not end the test; the journal says so when it cannot be written either.
      this.#written = this.#headBytes;
    }
  }

  #keepTail(chunk: Buffer): void {
    this.#tail.push(chunk);
    this.#tailSize += chunk.length;
    while (this.#tailSize - (this.#tail[0]?.length ?? 0) >= this.#tailBytes) {
      const first = this.#tail.shift();
      this.#tailSize -= first?.length ?? 0;
      this.#dropped += first?.length ?? 0;
    }
  }
}
