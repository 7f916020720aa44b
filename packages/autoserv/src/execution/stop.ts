import { AutotestError } from '@autotest/core';

/** Why an execution is to end before its end. */
export class StopRequest extends AutotestError {
  readonly kind: 'aborted' | 'timedOut';
  readonly by: string;

  constructor(kind: 'aborted' | 'timedOut', by: string, reason: string) {
    super(kind === 'aborted' ? 'AT_ABORTED' : 'AT_TIMED_OUT', reason, { details: { by } });
    this.name = 'StopRequest';
    this.kind = kind;
    this.by = by;
  }
}

/**
 * How everything in an execution learns that it must end. The first request fires `signal`: what runs is asked to end, gets its grace and is collected.
 * A second one fires `hard`: nothing waits for anything any more. The first request's reason stays.
 */
export class Stopper {
  readonly #soft = new AbortController();
  readonly #hard = new AbortController();
  #request: StopRequest | undefined;
  readonly #onFirst: (request: StopRequest) => void;

  constructor(onFirst: (request: StopRequest) => void) {
    this.#onFirst = onFirst;
  }

  get signal(): AbortSignal {
    return this.#soft.signal;
  }

  get hard(): AbortSignal {
    return this.#hard.signal;
  }

  get request(): StopRequest | undefined {
    return this.#request;
  }

  stop(request: StopRequest): void {
    if (this.#request) {
      this.#hard.abort(request);
      return;
    }
    this.#request = request;
    this.#onFirst(request);
    this.#soft.abort(request);
  }
}
