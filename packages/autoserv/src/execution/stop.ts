import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { abortFileName, AutotestError, type ExecutionSpec } from '@autotest/core';

const codes = { aborted: 'AT_ABORTED', timedOut: 'AT_TIMED_OUT', lost: 'AT_ORPHANED' } as const;

/** Why an execution is to end before its end. */
export class StopRequest extends AutotestError {
  readonly kind: keyof typeof codes;
  readonly by: string;

  constructor(kind: keyof typeof codes, by: string, reason: string) {
    super(codes[kind], reason, { details: { by } });
    this.name = 'StopRequest';
    this.kind = kind;
    this.by = by;
  }
}

/** What somebody wrote down who can reach this process by a signal only; undefined where nobody did. */
export function readAbortWish({ resultsDir }: Pick<ExecutionSpec, 'resultsDir'>): StopRequest | undefined {
  try {
    const wish = JSON.parse(readFileSync(join(resultsDir, abortFileName), 'utf8')) as Record<string, unknown>;
    const { by, reason, timedOut } = wish;
    if (typeof by !== 'string' || typeof reason !== 'string') return undefined;
    return new StopRequest(timedOut === true ? 'timedOut' : 'aborted', by, reason);
  } catch {
    return undefined;
  }
}

export function bySignal(name: NodeJS.Signals): StopRequest {
  return new StopRequest('aborted', name, `autoserv got ${name}`);
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

  /** Whether it stops for this already: a dispatcher that connects again says it again, and means nothing more by it. */
  hasHeard({ by, reason }: { readonly by: string; readonly reason: string }): boolean {
    return this.#request?.by === by && this.#request.message === reason;
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
