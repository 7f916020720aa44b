import { messageOf, sleep } from '@autotest/core';
import { ConsoleError, ConsoleTimeoutError } from '../errors.ts';
import type { ConsoleLog } from './console-log.ts';
import type { ConsoleWatch } from './console-of.ts';
import type { ConsoleSource, ConsoleStream } from './console-source.ts';
import { ConsoleLineSplitter, type ConsoleLine } from './line-splitter.ts';
import { RecentText } from './recent-text.ts';
import { safeText } from './safe-text.ts';

export interface OpenConsoleOptions {
  readonly host: string;
  readonly source: ConsoleSource;
  readonly log: ConsoleLog;
  readonly onLine: (line: ConsoleLine) => void;
  /** Takes what is to be told of the connection. */
  readonly note: (message: string) => void;
}

const connectMs = 30_000;
const firstBackOffMs = 500;
const longestBackOffMs = 60_000;
const keptLines = 1000;
/** A console that comes and goes all the time is told of so often. */
const maxNotes = 20;
const sendMs = 30_000;

/**
 * The console of one host through all connections to it.
 *
 * connecting   tries, with growing pauses; the first failure is told
 * connected    what comes is logged, kept and looked at
 * closed       nothing more is done
 *
 * A console that cannot be reached, or goes away, is noted and tried again; it never makes anything fail.
 */
export class OpenConsole implements ConsoleWatch {
  readonly where: string;
  readonly #options: OpenConsoleOptions;
  readonly #abort = new AbortController();
  readonly #recent = new RecentText();
  readonly #tail: string[] = [];
  readonly #changed = new Set<() => void>();
  #splitter = new ConsoleLineSplitter();
  #stream: ConsoleStream | undefined;
  #connected = Promise.withResolvers<void>();
  #notes = 0;

  constructor(options: OpenConsoleOptions) {
    this.#options = options;
    this.where = options.source.where;
    this.#run().catch(() => {});
  }

  tail(lines: number): readonly string[] {
    const partial = safeText(this.#splitter.partial);
    return [...this.#tail, ...(partial === '' ? [] : [partial])].slice(-Math.max(0, lines));
  }

  async waitFor(
    pattern: RegExp,
    limits: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<string> {
    return (await this.matchFrom(this.position, pattern, limits)).text;
  }

  /** How far the text of the console has come; for `matchFrom`. */
  get position(): number {
    return this.#recent.end(safeText(this.#splitter.partial));
  }

  /** As `waitFor`, from a place in the text that came already; gives the place behind what matched. */
  async matchFrom(
    from: number,
    pattern: RegExp,
    { timeoutMs, signal }: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ): Promise<{ readonly text: string; readonly end: number }> {
    const look = () => this.#recent.find(pattern, from, safeText(this.#splitter.partial));
    const found = look();
    if (found) return found;
    const { promise, resolve, reject } = Promise.withResolvers<{ text: string; end: number }>();
    const onChange = (): void => {
      const match = look();
      if (match) resolve(match);
    };
    const onAbort = (): void => reject(signal?.reason);
    const timer = setTimeout(
      () => reject(new ConsoleTimeoutError(this.#options.host, String(pattern), this.tail(1)[0] ?? '')),
      Math.min(timeoutMs, 2 ** 31 - 1),
    );
    this.#changed.add(onChange);
    signal?.addEventListener('abort', onAbort, { once: true });
    if (signal?.aborted) onAbort();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      this.#changed.delete(onChange);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  async send(
    text: string,
    { timeoutMs = sendMs, signal }: { timeoutMs?: number; signal?: AbortSignal } = {},
  ): Promise<void> {
    const limit = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = (): void =>
      reject(signal?.aborted ? signal.reason : this.#error('it is not connected, or takes no input'));
    limit.addEventListener('abort', onAbort, { once: true });
    if (limit.aborted) onAbort();
    const write = async (): Promise<void> => {
      await this.#connected.promise;
      if (limit.aborted) return;
      this.#stream?.input.write(text, (error) => (error ? reject(this.#error(error.message)) : resolve()));
    };
    write().catch(reject);
    try {
      await promise;
    } finally {
      limit.removeEventListener('abort', onAbort);
    }
  }

  close(): void {
    if (this.#abort.signal.aborted) return;
    this.#abort.abort(this.#error('it was closed'));
    this.#stream?.close();
    this.#lines(this.#splitter.flush());
    this.#connected.promise.catch(() => {});
    this.#connected.reject(this.#error('it was closed'));
  }

  async #run(): Promise<void> {
    const { signal } = this.#abort;
    for (let pauseMs = firstBackOffMs; !signal.aborted; pauseMs = Math.min(pauseMs * 2, longestBackOffMs)) {
      const openedAt = performance.now();
      try {
        const stream = await this.#options.source.open(AbortSignal.any([signal, AbortSignal.timeout(connectMs)]));
        this.#note(`connected to ${this.where}`);
        const why = await this.#follow(stream);
        if (!signal.aborted) this.#note(`lost: ${why}`);
        // One that held for a while is tried again soon.
        if (performance.now() - openedAt > longestBackOffMs) pauseMs = firstBackOffMs;
      } catch (error) {
        if (!signal.aborted) this.#note(`cannot be reached at ${this.where}: ${messageOf(error)}`);
      }
      await sleep(pauseMs, { signal });
    }
  }

  async #follow(stream: ConsoleStream): Promise<string> {
    this.#stream = stream;
    if (this.#abort.signal.aborted) stream.close();
    stream.input.on('error', () => {});
    stream.output.on('error', () => {});
    stream.output.on('data', (chunk: Buffer) => this.#take(chunk));
    this.#connected.resolve();
    const why = await stream.ended;
    stream.close();
    this.#stream = undefined;
    this.#lines(this.#splitter.flush());
    this.#splitter = new ConsoleLineSplitter();
    if (!this.#abort.signal.aborted) this.#connected = Promise.withResolvers<void>();
    return why;
  }

  #take(chunk: Buffer): void {
    if (this.#abort.signal.aborted) return;
    this.#lines(this.#splitter.push(chunk, Date.now()));
    for (const onChange of this.#changed) onChange();
  }

  #lines(lines: readonly ConsoleLine[]): void {
    this.#options.log.write(lines);
    for (const line of lines) {
      const text = safeText(line.text);
      this.#recent.addLine(text);
      this.#tail.push(text);
      this.#options.onLine(line);
    }
    this.#tail.splice(0, Math.max(0, this.#tail.length - keptLines));
  }

  #note(message: string): void {
    this.#options.log.note(message);
    this.#notes += 1;
    if (this.#notes < maxNotes) this.#options.note(message);
    if (this.#notes === maxNotes) this.#options.note(`${message} (more of this is in its log only)`);
  }

  #error(why: string): ConsoleError {
    return new ConsoleError(this.#options.host, this.where, why);
  }
}
