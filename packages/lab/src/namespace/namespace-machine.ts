import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, constants, openSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { ConsoleHub } from '../console/console-hub.ts';
import { LabError } from '../errors.ts';
import type { Machine } from '../machine.ts';
import type { MachineOptions } from '../machine-factory.ts';
import { runTool } from '../run-tool.ts';
import { droppedCapabilities } from './boot-script.ts';
import { makeCgroup, type Cgroup } from './cgroup.ts';
import { ConsoleShell } from './console-shell.ts';
import { makeHostFiles } from './host-files.ts';

/** Where a namespaced machine is, for faults. */
export interface NamespaceInside {
  /** Its process 1, as this machine numbers it; undefined while it is off. */
  readonly pid: number | undefined;
  readonly netns: string;
}

export interface NamespaceMachineOptions extends MachineOptions {
  /** Root file system to share; without it, this machine's own programs and configuration. */
  readonly rootFs?: string | undefined;
}

/** Makes a machine of namespaces: own root file system, processes, network, host name, boot id and uptime. Needs root. @throws LabError */
export async function makeNamespaceMachine(options: NamespaceMachineOptions): Promise<NamespaceMachine> {
  const machine = new NamespaceMachine(options);
  await machine.open();
  return machine;
}

/**
 * Life: `powerOn` starts `unshare` with the boot script; that is the machine. It ends
 *
 *   by SIGHUP   the host called reboot(2): started again with another boot id
 *   by SIGINT   the host halted or powered off: off
 *   by SIGKILL  `powerOff`, or somebody killed it: off
 *   with a code the boot script failed: off, the console says why
 *
 * It dies with the process that made it, and all that runs on it dies with it.
 */
export class NamespaceMachine implements Machine {
  readonly kind = 'namespace';
  readonly name: string;
  readonly console: ConsoleHub;
  readonly #options: NamespaceMachineOptions;
  readonly #cgroup: Cgroup;
  readonly #shell: ConsoleShell;
  #child: ChildProcess | undefined;
  #consoleOutput: Socket | undefined;
  #consoleFd = -1;
  /** False from the moment somebody switches it off, whatever it does by itself then. */
  #wanted = false;
  #unplugged = false;

  constructor(options: NamespaceMachineOptions) {
    this.name = options.name;
    this.#options = options;
    this.#cgroup = makeCgroup(options.network.netns, options.name);
    this.#shell = new ConsoleShell(this.#cgroup.joinFile, (chunk) => this.console.write(chunk));
    this.console = new ConsoleHub({
      logFile: join(options.stateDir, 'console.log'),
      socketPath: options.consoleSocket,
    });
    this.console.onInput((chunk) => this.#shell.input(chunk, this.inside.pid));
  }

  get powered(): boolean {
    return this.#child !== undefined;
  }

  /** Where it can be reached from this machine. */
  get inside(): NamespaceInside {
    const outer = this.#child?.pid;
    return { netns: netnsOf(this.#options), pid: outer === undefined ? undefined : onlyChild(outer) };
  }

  async open(): Promise<void> {
    await makeHostFiles(this.#options, this.#options.rootFs);
    const fifo = join(this.#options.stateDir, 'console.fifo');
    // For reading and writing: so it has no end, over all boots.
    this.#consoleFd = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
    this.#consoleOutput = new Socket({ fd: this.#consoleFd, readable: true, writable: false });
    this.#consoleOutput.on('data', (chunk: Buffer) => this.console.write(chunk));
    this.#consoleOutput.on('error', () => {});
    await this.console.listen();
  }

  async powerOn(): Promise<void> {
    if (this.#child) return;
    this.#wanted = true;
    if (this.#unplugged) await this.#options.network.setLink(this.#options.link, true);
    this.#unplugged = false;
    this.#boot();
  }

  async powerOff(): Promise<void> {
    this.#wanted = false;
    const child = this.#child;
    if (!child) return;
    // First the cable: else the kernel says goodbye for the processes that die.
    this.#unplugged = true;
    await this.#options.network.setLink(this.#options.link, false);
    await this.#kill(child);
  }

  async reset(): Promise<void> {
    if (!this.#child) return;
    await this.powerOff();
    await this.powerOn();
  }

  async softOff(): Promise<void> {
    const { pid } = this.inside;
    if (pid !== undefined) await runTool([...this.#enter(pid), '/usr/sbin/poweroff']);
  }

  nmi(): Promise<void> {
    return Promise.reject(
      new LabError(`Machine ${this.name} has no kernel of its own to interrupt. Take a machine that has: uml or qemu.`),
    );
  }

  freeze(): Promise<void> {
    return this.#cgroup.freeze();
  }

  thaw(): Promise<void> {
    return this.#cgroup.thaw();
  }

  /** Runs a program on the host, not over the network. @returns its stdout @throws LabError when it is off, or the program fails */
  async run(argv: readonly string[], input?: string | Uint8Array): Promise<string> {
    const { pid } = this.inside;
    if (pid === undefined) throw new LabError(`Machine ${this.name} is off. Switch it on first.`);
    return runTool([...this.#enter(pid), ...argv], input);
  }

  async dispose(): Promise<void> {
    this.#wanted = false;
    if (this.#child) await this.#kill(this.#child);
    this.#shell.close();
    this.#consoleOutput?.destroy();
    await this.console.close();
    await this.#options.network.remove(this.#options.link, netnsOf(this.#options));
    await rm(this.#options.stateDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 });
  }

  #enter(pid: number): string[] {
    // In its control group too: what is started this way belongs to the host, and freezes with it.
    const joined = ['sh', '-c', 'echo $$ > "$0" && exec "$@"', this.#cgroup.joinFile];
    return [
      ...joined,
      'nsenter',
      '--target',
      String(pid),
      '--all',
      '--',
      'setpriv',
      `--bounding-set=${droppedCapabilities}`,
    ];
  }

  #boot(): void {
    const { stateDir, name } = this.#options;
    writeFileSync(join(stateDir, 'boot_id'), `${randomUUID()}\n`, { mode: 0o444 });
    const uptimeS = readFileSync('/proc/uptime', 'utf8').split('.')[0] ?? '0';
    // A descriptor of its own for the child: what is written there must not be non-blocking for us.
    const output = openSync(join(stateDir, 'console.fifo'), 'r+');
    const child = spawn(
      'sh',
      [
        '-c',
        'echo $$ > "$0" && exec "$@"',
        this.#cgroup.joinFile,
        'setpriv',
        '--pdeathsig',
        'KILL',
        'flock',
        '--nonblock',
        '--no-fork',
        join(stateDir, 'lock'),
        'nsenter',
        `--net=/run/netns/${netnsOf(this.#options)}`,
        'unshare',
        '--mount',
        '--uts',
        '--ipc',
        '--pid',
        '--time',
        '--boottime',
        `-${uptimeS}`,
        '--fork',
        '--kill-child',
        '--mount-proc',
        '--',
        '/bin/sh',
        join(stateDir, 'files/boot'),
      ],
      {
        stdio: ['ignore', output, output],
        detached: true,
        env: {
          PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
          NAME: name,
          STATE: stateDir,
          DROPPED: droppedCapabilities,
        },
      },
    );
    closeSync(output);
    this.#child = child;
    const ended = (code: number | null, signal: NodeJS.Signals | null): void => {
      if (this.#child !== child) return;
      this.#child = undefined;
      this.#shell.close();
      if (signal === 'SIGHUP') this.console.write('reboot: Restarting system\r\n');
      else if (signal === 'SIGINT') this.console.write('reboot: Power down\r\n');
      else if (code !== null) this.console.write(`The machine did not start (exit code ${code}).\r\n`);
      if (signal === 'SIGHUP' && this.#wanted) this.#boot();
    };
    child.on('exit', ended);
    child.on('error', () => ended(127, null));
  }

  async #kill(child: ChildProcess): Promise<void> {
    const ended = new Promise((resolve) => {
      child.once('exit', resolve);
    });
    if (child.exitCode !== null || child.signalCode !== null) return;
    // SIGTERM would be ignored; of SIGKILL, all that runs on the machine dies.
    child.kill('SIGKILL');
    // With cgroups of version 1, what is frozen dies only now; it does not get to run before.
    await this.#cgroup.thaw();
    await ended;
  }
}

/** Name of a machine's network namespace. */
export function netnsOf(options: Pick<MachineOptions, 'name' | 'network'>): string {
  return `${options.network.netns}-${options.name}`;
}

function onlyChild(pid: number): number | undefined {
  try {
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    return child ? Number(child) : undefined;
  } catch {
    return undefined;
  }
}
