import { spawn, type ChildProcess } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { LabError } from './errors.ts';
import type { ConsolePort } from './machine-options.ts';

export interface MachineProcessOptions {
  readonly argv: readonly string[];
  readonly console: ConsolePort;
  /** What the program says beside the machine's console. */
  readonly errorFile: string;
  readonly cwd: string;
  /** An open file for the program's descriptor 3. */
  readonly inherit?: number;
  readonly onExit: (exitCode: number | null) => void;
}

/**
 * The program that is a machine while it is on; its stdin and stdout are the serial line. It dies with this process, however this one ends: the kernel sends
 * it SIGKILL (`setpriv --pdeathsig`).
 */
export class MachineProcess {
  readonly ended: Promise<void>;
  readonly #child: ChildProcess;
  #isOver = false;

  constructor(options: MachineProcessOptions) {
    const { argv, console: port, cwd, inherit, onExit } = options;
    this.#child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...argv], {
      cwd,
      env: { PATH: process.env.PATH, HOME: cwd, TMPDIR: cwd, LANG: 'C' },
      stdio: ['pipe', 'pipe', 'pipe', ...(inherit === undefined ? [] : [inherit])],
      // Ctrl-C at a terminal is for the lab, which then takes the machines down in its order.
      detached: true,
    });
    const errors = createWriteStream(options.errorFile, { flags: 'a' });
    this.#child.stderr?.pipe(errors);
    errors.on('error', () => this.#child.stderr?.resume());
    this.#child.stdout?.on('data', (chunk: Buffer) => port.write(chunk));
    this.#child.stdin?.on('error', () => undefined);
    this.ended = new Promise((resolve) => {
      const end = (exitCode: number | null): void => {
        if (this.#isOver) return;
        this.#isOver = true;
        onExit(exitCode);
        resolve();
      };
      this.#child.once('close', (exitCode) => end(exitCode));
      this.#child.once('error', () => end(null));
    });
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** @throws LabError where it could not be started */
  async started(): Promise<void> {
    if (this.#child.pid !== undefined) return;
    await this.ended;
    throw new LabError('setpriv cannot be started. Install util-linux.');
  }

  /** Types something on the serial line. What nobody reads within some 64 kB is lost, as on a real line. */
  type(chunk: Uint8Array): void {
    const { stdin } = this.#child;
    if (stdin?.writable && stdin.writableLength < 65_536) stdin.write(chunk);
  }

  /** Ends it at once, with all its children; done when it is gone. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }
}
