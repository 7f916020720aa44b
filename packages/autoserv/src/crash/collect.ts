import { consoleOf } from '../console/console-of.ts';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf } from '@autotest/core';
import { safeFileName, writeFileAtomic } from '@autotest/core/node';
import { crashDir, type ExecutionContext } from '../execution/context.ts';
import type { HostConnection } from '../hosts/connection.ts';
import { execOn } from '../hosts/exec.ts';
import { quoteWord } from '../hosts/quote.ts';
import type { HostTransport } from '../hosts/transport.ts';
import { HeadTail } from './head-tail.ts';
import { crashCommands, listDumps } from './sources.ts';
import { collectedOn, type CrashSource, type CrashTrigger } from './triggers.ts';

/** Of a host's console, newest last. */
const maxConsoleLines = 1000;

/** Of one source, of one dump, of all that is taken from a host at one time. */
const limits = { sourceBytes: 4 * 1024 * 1024, dumpBytes: 64 * 1024 * 1024, totalBytes: 256 * 1024 * 1024 };
const limitsMs = { source: 20_000, dump: 60_000, total: 120_000 };
const maxDumps = 20;

/** One line of `index.json`. */
interface IndexEntry {
  readonly source: string;
  readonly file?: string;
  readonly bytes?: number;
  readonly leftOutBytes?: number;
  readonly durationMs?: number;
  /** Why there is no file, or not all of it. */
  readonly whyNot?: string;
}

/**
 * Fetches what a host can tell of itself into `crashinfo.<host>/` (`crashinfo.<host>/2/` the second time), with an `index.json` that says what is there and what is not. Bounded in time and bytes; never throws, since
 * nothing here may change how a job ends.
 *
 * @param why the failure in words
 */
export async function collectCrashInfo(
  context: ExecutionContext,
  connection: HostConnection,
  trigger: CrashTrigger,
  why: string,
): Promise<void> {
  try {
    const { signal, done } = limitOf(context);
    try {
      await new Collection(context, connection, signal).run(trigger, why);
    } finally {
      done();
    }
  } catch (error) {
    noteFault(context, connection.spec.name, error);
  }
}

/** Ends with the time for it, and at once when nothing may be waited for any more. */
function limitOf({ stopper }: ExecutionContext): { signal: AbortSignal; done: () => void } {
  const ms = stopper.request ? stopper.limits.gatherMs : limitsMs.total;
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(new Error(`the ${ms / 1000} s for crash data are over`)), ms);
  return { signal: AbortSignal.any([controller.signal, stopper.hard]), done: () => clearTimeout(timer) };
}

function noteFault({ recorder }: ExecutionContext, host: string, error: unknown): void {
  try {
    recorder.append({ kind: 'problem', source: `crash data of ${host}`, message: messageOf(error).slice(0, 500) });
  } catch {
    // The disk is full: the verdict says so.
  }
}

class Collection {
  readonly #context: ExecutionContext;
  readonly #connection: HostConnection;
  readonly #signal: AbortSignal;
  readonly #host: string;
  readonly #below: string;
  readonly #index: IndexEntry[] = [];
  #bytes = 0;

  constructor(context: ExecutionContext, connection: HostConnection, signal: AbortSignal) {
    this.#context = context;
    this.#connection = connection;
    this.#signal = signal;
    this.#host = connection.spec.name;
    const root = crashDir(context.spec, this.#host);
    let number = 1;
    while (existsSync(join(root, number === 1 ? '' : String(number), 'index.json'))) number++;
    this.#below = number === 1 ? '' : `${number}/`;
    mkdirSync(join(root, this.#below), { recursive: true });
  }

  async run(trigger: CrashTrigger, why: string): Promise<void> {
    const startedAt = Date.now();
    const sources = collectedOn[trigger];
    if (sources.includes('console')) this.#console();
    const transport = this.#connection.connected ? await this.#connection.connect() : undefined;
    if (!transport) {
      const skipped = sources.filter((source) => source !== 'console');
      this.#index.push(...skipped.map((source) => ({ source, whyNot: 'the host is not connected' })));
    } else {
      if (sources.includes('tasks')) await this.#command(transport, 'tasks');
      const commands = sources.filter((source) => source in crashCommands && source !== 'tasks');
      await Promise.all(commands.map((source) => this.#command(transport, source)));
      if (sources.includes('dumps')) await this.#dumps(transport);
    }
    const about = { trigger, why: why.slice(0, 2000), startedAt, durationMs: Date.now() - startedAt };
    this.#write('index.json', Buffer.from(`${JSON.stringify({ ...about, sources: this.#index }, undefined, 2)}\n`));
  }

  #console(): void {
    const console = consoleOf(this.#context, this.#host);
    if (!console) return void this.#index.push({ source: 'console', whyNot: 'no console is read' });
    const sink = new HeadTail(limits.sourceBytes);
    sink.push(Buffer.from(`${console.tail(maxConsoleLines).join('\n')}\n`));
    return this.#keep('console', 'console.txt', sink, 0);
  }

  async #command(transport: HostTransport, source: CrashSource): Promise<void> {
    const make = crashCommands[source as keyof typeof crashCommands];
    if (source === 'tasks' && transport.kind === 'local')
      return void this.#index.push({ source, whyNot: 'this machine is not asked: others work on it' });
    const { jobStart } = this.#context.recorder.tree;
    const sinceSeconds = Math.floor((jobStart?.t ?? Date.now() - 3600_000) / 1000);
    const command = make({
      sinceSeconds,
      sessions: '"${HOME:-/nowhere}/.autotest/sessions" /var/tmp/autotest-*/sessions',
    });
    await this.#fetch(transport, source, `${source}.txt`, command, limits.sourceBytes, limitsMs.source);
  }

  async #dumps(transport: HostTransport): Promise<void> {
    if (transport.kind === 'local')
      return void this.#index.push({ source: 'dumps', whyNot: 'dumps of this machine are not fetched' });
    const { jobStart } = this.#context.recorder.tree;
    const minutes = Math.ceil((Date.now() - (jobStart?.t ?? Date.now())) / 60_000) + 1;
    const list = await this.#exec(transport, listDumps(minutes), limitsMs.source).catch(() => undefined);
    const dumps = (list ?? '').split('\n').flatMap((line) => {
      const match = /^(\d+) (\/[\x20-\x7e]+)$/.exec(line);
      return match ? [{ size: Number(match[1]), path: match[2] ?? '' }] : [];
    });
    if (dumps.length === 0) this.#index.push({ source: 'dumps', whyNot: 'there are none since the job began' });
    for (const { size, path } of dumps.slice(0, maxDumps)) {
      if (size > limits.dumpBytes || this.#bytes + size > limits.totalBytes)
        this.#index.push({ source: `dump ${path}`, bytes: size, whyNot: 'it is too large; it is still on the host' });
      else
        await this.#fetch(
          transport,
          `dump ${path}`,
          `dumps/${safeFileName(path.slice(1).replaceAll('/', '_'))}`,
          `head -c ${limits.dumpBytes} ${quoteWord(path)}`,
          2 * limits.dumpBytes,
          limitsMs.dump,
        );
    }
    if (dumps.length > maxDumps)
      this.#index.push({ source: 'dumps', whyNot: `${dumps.length - maxDumps} more are still on the host` });
  }

  async #fetch(
    transport: HostTransport,
    source: string,
    file: string,
    command: string,
    maxBytes: number,
    timeoutMs: number,
  ): Promise<void> {
    const startedAt = performance.now();
    const sink = new HeadTail(maxBytes);
    // What prints without end is cut, long before its time is over.
    const flood = new AbortController();
    try {
      const result = await execOn(transport, command, {
        timeout: timeoutMs,
        maxOutputBytes: 1024,
        signal: AbortSignal.any([this.#signal, flood.signal]),
        onOutput: (stream, chunk) => {
          if (stream === 'stdout') sink.push(chunk);
          if (sink.totalBytes > 16 * maxBytes) flood.abort();
        },
      });
      const ended = result.timedOut ? 'its time was over' : result.aborted ? 'it was ended' : undefined;
      const whyNot =
        ended ?? (sink.totalBytes === 0 ? result.stderr.trim().slice(0, 200) || 'it printed nothing' : undefined);
      this.#keep(source, file, sink, Math.round(performance.now() - startedAt), whyNot);
    } catch (error) {
      this.#index.push({ source, whyNot: messageOf(error).slice(0, 300) });
    }
  }

  async #exec(transport: HostTransport, command: string, timeoutMs: number): Promise<string> {
    return (await execOn(transport, command, { timeout: timeoutMs, signal: this.#signal })).stdout;
  }

  #keep(source: string, file: string, sink: HeadTail, durationMs: number, whyNot?: string): void {
    const entry = { source, durationMs, ...(whyNot !== undefined && { whyNot }) };
    const bytes = sink.bytes();
    if (bytes.length === 0) return void this.#index.push(entry);
    if (this.#bytes + bytes.length > limits.totalBytes)
      return void this.#index.push({ ...entry, whyNot: 'there is too much of everything already' });
    this.#bytes += bytes.length;
    this.#write(file, bytes);
    const { droppedBytes } = sink;
    return void this.#index.push({
      ...entry,
      file,
      bytes: bytes.length,
      ...(droppedBytes > 0 && { leftOutBytes: droppedBytes }),
    });
  }

  #write(file: string, bytes: Buffer): void {
    const { spec, recorder } = this.#context;
    const path = `crashinfo.${this.#host}/${this.#below}${file}`;
    mkdirSync(join(crashDir(spec, this.#host), this.#below, file, '..'), { recursive: true });
    writeFileAtomic(join(crashDir(spec, this.#host), this.#below, file), bytes);
    recorder.append({ kind: 'artifact', path, title: `${file} of ${this.#host}` });
  }
}
