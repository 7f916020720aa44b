import { OutputHead } from '@autotest/core/node';

/** Keeps the first bytes and lines of a stream and counts the rest. */
export class OutputSink extends OutputHead {
  push(chunk: Buffer): void {
    this.add(chunk);
  }
}
