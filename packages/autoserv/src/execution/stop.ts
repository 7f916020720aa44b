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

/** How long an execution that is to end may take for what, ms. */
export interface StopLimits {
  /** What the tests get to clean up after themselves, until they are killed. */
  readonly graceMs: number;
  /** From the request until a host's session is given up: what it wrote is fetched in that time. */
  readonly sessionMs: number;
  /** For crash data of all hosts. */
  readonly gatherMs: number;
  /** From the request until nothing is waited for any more, as if it had been asked for twice. */
  readonly softMs: number;
  /** From then until the execution ends with whatever is there. */
  readonly hardMs: number;
}

/** Total of an orderly end. Dispatchers insist after 90 s. */
export const defaultStopMs = 60_000;

export function stopLimits(softMs: number): StopLimits {
  return { softMs, graceMs: softMs / 3, sessionMs: (softMs * 2) / 3, gatherMs: softMs / 4, hardMs: 8000 };
}

/**
 * How everything in an execution learns that it must end. The first reason stays.
 *
 *   stop    `signal`: what runs is asked to end, gets its grace and is collected
 *   again, or `softMs` later    `hard`: what runs is killed, nothing is collected any more
 *   `hardMs` later              `over`: the execution ends whatever still hangs: a host that does not answer, a control file that heeds nothing
 */
export class Stopper {
  readonly limits: StopLimits;
  readonly #soft = new AbortController();
  readonly #hard = new AbortController();
  readonly #over = new AbortController();
  #request: StopRequest | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #onFirst: (request: StopRequest) => void;

  constructor(onFirst: (request: StopRequest) => void, limits: StopLimits) {
    this.#onFirst = onFirst;
    this.limits = limits;
  }

  get signal(): AbortSignal {
    return this.#soft.signal;
  }

  get hard(): AbortSignal {
    return this.#hard.signal;
  }

  get over(): AbortSignal {
    return this.#over.signal;
  }

  get request(): StopRequest | undefined {
    return this.#request;
  }

  /** Whether it stops for this already: a dispatcher that connects again says it again, and means nothing more by it. */
  hasHeard({ by, reason }: { readonly by: string; readonly reason: string }): boolean {
    return this.#request?.by === by && this.#request.message === reason;
  }

  stop(request: StopRequest): void {
    if (this.#request) return this.#stopHard(this.#request);
    this.#request = request;
    this.#onFirst(request);
    this.#timer = setTimeout(() => this.#stopHard(request), this.limits.softMs);
    this.#soft.abort(request);
  }

  /** The execution has ended. */
  dispose(): void {
    clearTimeout(this.#timer);
  }

  #stopHard(request: StopRequest): void {
    if (this.#hard.signal.aborted) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#over.abort(request), this.limits.hardMs);
    this.#hard.abort(request);
  }
}
