import { parseDuration, type BarrierOptions } from '@autotest/core';
import { BarrierTimeoutError } from '../errors.ts';

interface Meeting {
  readonly expected: number;
  came: number;
  readonly all: PromiseWithResolvers<void>;
}

/** Meeting points of the branches of one server control file. */
export class Barriers {
  readonly #meetings = new Map<string, Meeting>();

  /** Resolves when everybody came; a barrier that was passed can be used again. @throws BarrierTimeoutError; the signal's reason */
  async meet(name: string, options: BarrierOptions, signal: AbortSignal): Promise<void> {
    const meeting = this.#meetings.get(name) ?? {
      expected: options.members.length,
      came: 0,
      all: Promise.withResolvers<void>(),
    };
    this.#meetings.set(name, meeting);
    meeting.came += 1;
    if (meeting.came >= meeting.expected) {
      this.#meetings.delete(name);
      meeting.all.resolve();
    }
    const { promise, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new BarrierTimeoutError(name, meeting.came, meeting.expected)),
      parseDuration(options.timeout ?? '1 hour'),
    );
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      await Promise.race([meeting.all.promise, promise]);
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }
}
