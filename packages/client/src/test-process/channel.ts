import type { RecordBody } from '@autotest/core';
import type { FromTest, ToTest } from './messages.ts';

/** The child's end of the connection to the client. */
export class TestChannel {
  readonly #waiting = new Map<number, { resolve: () => void; reject: (error: Error) => void }>();
  #lastId = 0;

  constructor(onMessage: (message: Exclude<ToTest, { type: 'done' | 'failed' }>) => void) {
    process.on('message', (message: ToTest) => {
      if (message.type === 'done') this.#settle(message.id, undefined);
      else if (message.type === 'failed') this.#settle(message.id, new Error(message.message));
      else onMessage(message);
    });
  }

  send(message: FromTest): void {
    process.send?.(message);
  }

  record(body: RecordBody, below: readonly string[] = []): void {
    this.send({ type: 'record', below, body });
  }

  /** Resolves when the record survives a loss of power. */
  step(body: RecordBody, below: readonly string[]): Promise<void> {
    return this.#request((id) => ({ type: 'step', id, below, body }));
  }

  /** Rejects when the reboot is refused; otherwise the process ends before it resolves. */
  reboot(options: Extract<FromTest, { type: 'reboot' }>['options']): Promise<void> {
    return this.#request((id) => ({ type: 'reboot', id, options }));
  }

  /** Sends the last message and waits until it is on its way. */
  sendLast(message: FromTest): Promise<void> {
    return new Promise((resolve) => {
      if (!process.connected) resolve();
      else process.send?.(message, undefined, undefined, () => resolve());
    });
  }

  #request(make: (id: number) => FromTest): Promise<void> {
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.send(make(id));
    });
  }

  #settle(id: number, error: Error | undefined): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (error) waiting?.reject(error);
    else waiting?.resolve();
  }
}
