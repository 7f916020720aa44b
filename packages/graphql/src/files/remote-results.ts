import { Readable } from 'node:stream';
import { messageOf, sleep } from '@autotest/core';
import {
  answerHeader,
  modifiedHeader,
  resultsPaths,
  resultsTokenMs,
  signResultsToken,
  sizeHeader,
  type FileBytes,
  type FileFollower,
  type FollowRequestOptions,
  type ListedFile,
  type ListOptions,
  type ResultsFile,
  type ResultsReader,
} from '@autotest/core/node';
import { ResultsUnreachableError } from '../errors.ts';

/** A dispatcher that serves results. */
export interface ResultsPlace {
  readonly dispatcherId: string;
  readonly machine: string;
  /** Of its results server. */
  readonly url: string;
}

export interface RemoteOptions {
  readonly place: ResultsPlace;
  /** Looks again where the results are: with another dispatcher of the machine by now, or at another address. Undefined: nowhere any more. */
  readonly locate: () => Promise<ResultsPlace | undefined>;
  readonly executionId: number;
  /** Results directory on the dispatcher's machine. */
  readonly directory: string;
  readonly secret: () => Promise<string>;
}

/** From a request to the head of its answer, beyond what it was told to wait. */
const answerMs = 10_000;
/** How long a follower tries to reach a dispatcher that was there before: it may be about to be restarted. */
const patienceMs = 30_000;
const retryMs = 500;
/** Longest list of files that is taken, bytes. */
const maxListBytes = 32 * 1024 * 1024;

/**
 * A results directory on the machine of a dispatcher, read from there. Every call is a request of its own with a fresh token.
 *
 * All methods throw ResultsUnreachableError when the dispatcher cannot be reached or refuses.
 */
export class RemoteResults implements ResultsReader {
  readonly #options: RemoteOptions;
  #place: ResultsPlace;

  constructor(options: RemoteOptions) {
    this.#options = options;
    this.#place = options.place;
  }

  async list({ first, under }: ListOptions): Promise<ListedFile[]> {
    const query = { first: String(first), ...(under !== undefined && { under }) };
    const response = await this.#ask(resultsPaths.list, query);
    if (!response) return [];
    const text = Buffer.from(await this.#body(response, maxListBytes)).toString();
    return JSON.parse(text) as ListedFile[];
  }

  async open(path: string): Promise<ResultsFile | undefined> {
    const head = await this.#ask(resultsPaths.file, { path }, { method: 'HEAD' });
    if (!head) return undefined;
    const sizeBytes = Number(head.headers.get(sizeHeader));
    const modifiedAt = Number(head.headers.get(modifiedHeader));
    const left = new AbortController();
    return {
      sizeBytes,
      modifiedAt,
      stream: async ({ start, end }) => {
        const headers = { range: `bytes=${start}-${end}` };
        const response = await this.#ask(resultsPaths.file, { path }, { headers, signal: left.signal });
        if (response?.status !== 206 || response.body === null) throw this.#fault('the file is not there any more');
        return Readable.fromWeb(response.body);
      },
      close: async () => left.abort(),
    };
  }

  async read(path: string, offset: number, lengthBytes: number): Promise<FileBytes | undefined> {
    return this.#tail(path, { offset, lengthBytes, beyond: 0, waitMs: 0 });
  }

  follow(path: string, signal: AbortSignal): FileFollower {
    const left = new AbortController();
    const either = AbortSignal.any([signal, left.signal]);
    return {
      read: (request) => this.#tailWithPatience(path, request, either),
      close: () => left.abort(),
    };
  }

  /** A dispatcher that is restarted is there again soon, and nothing was lost: the next request says from where. */
  async #tailWithPatience(
    path: string,
    request: FollowRequestOptions,
    signal: AbortSignal,
  ): Promise<FileBytes | undefined> {
    const until = performance.now() + patienceMs;
    for (;;) {
      try {
        return await this.#tail(path, request, signal);
      } catch (error) {
        if (signal.aborted) return undefined;
        if (!(error instanceof ResultsUnreachableError) || performance.now() > until) throw error;
        await sleep(retryMs, { signal }).catch(() => undefined);
        this.#place = (await this.#options.locate()) ?? this.#place;
      }
    }
  }

  async #tail(path: string, request: FollowRequestOptions, signal?: AbortSignal): Promise<FileBytes | undefined> {
    const { offset, lengthBytes, beyond, waitMs } = request;
    const query = {
      path,
      offset: String(offset),
      length: String(lengthBytes),
      beyond: String(beyond),
      wait: String(waitMs),
    };
    const response = await this.#ask(resultsPaths.tail, query, { signal, waitMs });
    if (!response) return undefined;
    return { bytes: await this.#body(response, lengthBytes), sizeBytes: Number(response.headers.get(sizeHeader)) };
  }

  /** Undefined: there is no such file. */
  async #ask(
    path: string,
    query: Readonly<Record<string, string>>,
    options: {
      readonly method?: 'GET' | 'HEAD';
      readonly headers?: Readonly<Record<string, string>>;
      readonly signal?: AbortSignal | undefined;
      readonly waitMs?: number;
    } = {},
  ): Promise<Response | undefined> {
    const { method = 'GET', signal, waitMs = 0 } = options;
    const authorization = `Bearer ${await this.#token()}`;
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(new Error('it does not answer in time')), waitMs + answerMs);
    let response: Response;
    try {
      response = await fetch(`${this.#place.url}${path}?${new URLSearchParams(query).toString()}`, {
        method,
        // What a proxy would compress has another length.
        headers: { ...options.headers, authorization, 'accept-encoding': 'identity' },
        redirect: 'manual',
        signal: signal ? AbortSignal.any([signal, late.signal]) : late.signal,
      });
    } catch (error) {
      throw this.#fault(`${reasonOf(error)}; see whether it runs, and whether its --results-url is right`);
    } finally {
      clearTimeout(timer);
    }
    if (response.ok && this.#isOurs(response)) return response;
    await response.body?.cancel().catch(() => undefined);
    if (response.status === 404 && this.#isOurs(response)) return undefined;
    throw this.#fault(this.#refusal(response));
  }

  async #token(): Promise<string> {
    const { secret, executionId, directory } = this.#options;
    const { dispatcherId } = this.#place;
    const expiresAt = Date.now() + resultsTokenMs;
    return signResultsToken(await secret(), { executionId, directory, dispatcherId, expiresAt });
  }

  #isOurs({ headers }: Response): boolean {
    return headers.get(answerHeader) === encodeURIComponent(this.#place.dispatcherId);
  }

  #refusal(response: Response): string {
    if (!this.#isOurs(response)) return `something else answers there (${response.status}); correct its --results-url`;
    if (response.status === 403) return 'it does not have them; see with which --data it runs';
    if (response.status !== 401) return `it failed (${response.status}); look into its log`;
    const theirs = Date.parse(response.headers.get('date') ?? '');
    const seconds = Math.round(Math.abs(theirs - Date.now()) / 1000);
    return `it takes no token of this server; its clock differs by ${seconds} s, which must be less than ${resultsTokenMs / 1000} s, or one of the two uses another database`;
  }

  /** @throws ResultsUnreachableError also for an answer that is longer than asked for */
  async #body(response: Response, maxBytes: number): Promise<Uint8Array> {
    const parts: Uint8Array[] = [];
    let bytes = 0;
    try {
      for await (const part of response.body ?? []) {
        parts.push(part);
        bytes += part.length;
        if (bytes > maxBytes) throw new Error('it answers with more than it was asked for');
      }
    } catch (error) {
      throw this.#fault(reasonOf(error));
    }
    return Buffer.concat(parts);
  }

  #fault(why: string): ResultsUnreachableError {
    return new ResultsUnreachableError(this.#place, why);
  }
}

/** `fetch` says what went wrong in the cause. */
function reasonOf(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  return messageOf(cause ?? error) || 'it cannot be reached';
}
