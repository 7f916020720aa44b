import { spawn, type ChildProcess } from 'node:child_process';
import { warmWord } from '@autotest/core';
import { cleanEnvironment } from '../environment.ts';
import type { AutoservProcess } from '../executor.ts';
import type { LocalSettings } from './local-executor.ts';
import { childProcess } from './processes.ts';

/** How long a process may take until it waits, and then to answer when it gets a spec. */
const readyMs = 30_000;
const takenMs = 5000;
const maxComplaint = 2000;

/**
 * An autoserv that was started ahead and waits for its spec, as a child with pipes: it ends when the last end of its stdin is closed, so a dispatcher
 * that dies leaves none behind. It leads a process group of its own from its start. With the spec it is like any other autoserv, and is used once.
 */
export class WarmProcess {
  readonly #child: ChildProcess;
  readonly #gone: Promise<void>;
  #onWord: ((word: string) => void) | undefined;
  #hasTaken = false;
  #isGone = false;
  #complaint = '';

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.#gone = new Promise((resolve) => {
      const end = (): void => {
        this.#isGone = true;
        resolve();
      };
      // Not `exit`: its last words may come after that.
      child.once('close', end);
      child.once('error', end);
    });
    child.stdin?.on('error', () => {});
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      for (const word of text.split('\n')) this.#hear(word);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-maxComplaint);
    });
    // What waits must not keep this process alive.
    for (const handle of [child, child.stdin, child.stdout, child.stderr]) unref(handle);
  }

  /** Resolves when it waits. @throws with what it said, where it ends before */
  static async start(settings: LocalSettings): Promise<WarmProcess> {
    const child = spawn(settings.nodePath, [settings.autoservPath, '--warm'], {
      cwd: '/',
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
      env: cleanEnvironment(settings),
    });
    const warm = new WarmProcess(child);
    if (await warm.#hears(warmWord.ready, readyMs)) return warm;
    await warm.end();
    throw new Error(warm.#complaint.trim() || 'it ended, or did not come to wait');
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Resolves when it is gone. */
  get gone(): Promise<void> {
    return this.#gone;
  }

  /** Hands it the spec. `undefined`: it did not take it, is gone now, and began nothing. */
  async hand(specFile: string): Promise<AutoservProcess | undefined> {
    if (this.#isGone || specFile.includes('\n')) return undefined;
    const process = childProcess(this.#child);
    const taken = this.#hears(warmWord.taken, takenMs);
    this.#child.stdin?.write(`${specFile}\n`);
    const isTaken = await taken;
    if (!isTaken) {
      await this.end();
      // It heard too late to say so: whoever watches it sees how far it came.
      if (!this.#hasTaken) return undefined;
    }
    for (const pipe of [this.#child.stdin, this.#child.stdout, this.#child.stderr]) pipe?.destroy();
    return process;
  }

  /** Ends it, whatever it does. Resolves when it is gone. */
  async end(): Promise<void> {
    if (!this.#isGone) this.#child.kill('SIGKILL');
    await this.#gone;
  }

  #hear(word: string): void {
    if (word === warmWord.taken) this.#hasTaken = true;
    this.#onWord?.(word);
  }

  #hears(wanted: string, ms: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(false), ms);
      const end = (heard: boolean): void => {
        clearTimeout(timer);
        resolve(heard);
      };
      this.#onWord = (word) => {
        if (word === wanted) end(true);
      };
      void this.#gone.then(() => end(false));
    });
  }
}

function unref(handle: unknown): void {
  if (typeof handle === 'object' && handle !== null && 'unref' in handle && typeof handle.unref === 'function')
    handle.unref();
}
