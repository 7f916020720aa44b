import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import type { Command } from '@autotest/core';
import { quoteArgv } from './quote.ts';
import { commandVariable, sweepScript } from './sweep.ts';
import type { HostProcess, HostTransport, ProcessEnd, SpawnOptions } from './transport.ts';

/** How long output is waited for after a process ended whose children still hold its pipes. */
const lateOutputMs = 1000;

/** This machine as a host: processes are children of autoserv, each in a session of its own. */
export class LocalTransport implements HostTransport {
  readonly kind = 'local';
  readonly where = 'this machine';
  connected = true;

  async spawn(command: Command, options: SpawnOptions = {}): Promise<HostProcess> {
    const argv = typeof command === 'string' ? ['/bin/sh', '-c', command] : command;
    quoteArgv(argv);
    const marker = `autotest-${randomBytes(9).toString('hex')}`;
    const child = spawn(argv[0] ?? '', argv.slice(1), {
      cwd: options.cwd,
      env: { ...process.env, ...options.env, ...(options.group !== false && { [commandVariable]: marker }) },
      detached: true,
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    return new LocalProcess(child, options.group === false ? undefined : marker);
  }

  onLost(): void {}

  drop(): void {}

  async close(): Promise<void> {
    this.connected = false;
  }
}

class LocalProcess implements HostProcess {
  readonly stdin: NonNullable<ChildProcess['stdin']>;
  readonly stdout: PassThrough | NonNullable<ChildProcess['stdout']>;
  readonly stderr: PassThrough | NonNullable<ChildProcess['stderr']>;
  readonly ended: Promise<ProcessEnd>;
  readonly #child: ChildProcess;
  readonly #marker: string | undefined;

  constructor(child: ChildProcess, marker: string | undefined) {
    this.#child = child;
    this.#marker = marker;
    this.stdin = child.stdin as NonNullable<ChildProcess['stdin']>;
    this.stdout = child.stdout ?? new PassThrough();
    this.stderr = child.stderr ?? new PassThrough();
    this.stdin.on('error', () => {});
    this.ended = new Promise((resolve) => {
      // As a shell would say it: not found, or not to be executed.
      child.once('error', (error: NodeJS.ErrnoException) => {
        this.stderr.emit('data', Buffer.from(`${error.message}\n`));
        resolve({ exitCode: error.code === 'ENOENT' ? 127 : 126 });
      });
      child.once('exit', (exitCode, signal) => {
        const end = { ...(exitCode !== null && { exitCode }), ...(signal !== null && { signal }) };
        const timer = setTimeout(() => this.release(), lateOutputMs);
        child.once('close', () => {
          clearTimeout(timer);
          resolve(end);
        });
      });
    });
  }

  async pid(): Promise<number | undefined> {
    return this.#child.pid;
  }

  async kill(signal: string): Promise<void> {
    if (this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, `SIG${signal}`);
    } catch {
      // The group is gone.
    }
  }

  sweep(): Promise<void> {
    const marker = this.#marker;
    if (marker === undefined) return Promise.resolve();
    return new Promise((resolve) => {
      execFile('/bin/sh', ['-c', sweepScript(marker)], { timeout: 5000 }, () => resolve());
    });
  }

  release(): void {
    this.#child.stdin?.destroy();
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
  }
}
