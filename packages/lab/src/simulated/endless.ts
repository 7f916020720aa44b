import type { Writable } from 'node:stream';

/** Writes the text over and over, as fast as it is taken, until the stream is closed. */
export function sendEndlessly(stream: Writable, text: string): void {
  const chunk = text.repeat(Math.max(1, Math.ceil(16_384 / text.length)));
  const send = (): void => {
    if (stream.destroyed || stream.writableEnded) return;
    // A turn of the event loop for each piece: this process has other hosts, too.
    if (stream.write(chunk)) setImmediate(send);
    else stream.once('drain', send);
  };
  send();
}
