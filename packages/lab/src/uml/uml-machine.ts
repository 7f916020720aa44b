import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { sleep } from '@autotest/core';
import type { Machine } from '../machine.ts';
import type { KernelMachineOptions } from '../machine-options.ts';
import { MachineProcess } from '../machine-process.ts';
import { SerialQueue } from '../serial-queue.ts';
import type { GuestImage } from '../image/guest-image.ts';
import { writeSeed } from '../image/seed.ts';
import { mconsole } from './mconsole.ts';
import { ConsoleTail } from './console-tail.ts';

export interface UmlMachineOptions extends KernelMachineOptions {
  readonly image: GuestImage;
}

const commandTimeoutMs = 5000;
/** Exit code of a kernel that panicked: it aborts. */
const panicked = 134;

/**
 * A machine that is a User-mode Linux kernel: a real kernel as a process, up in two or three seconds.
 *
 * The kernel's process ends when the kernel does, and the machine tells by its exit what that was:
 *
 * `reboot: Restarting system`   starts again, with the same disk
 * `reboot: System halted`       off
 * exit 134 (abort: a panic)     stays on and hangs, unless `panicRebootSeconds` is set; then it starts again
 * anything else                 hangs
 *
 * Its disk is a copy-on-write file over the image; it stays until `dispose`.
 */
export class UmlMachine implements Machine {
  readonly kind = 'uml';
  readonly name: string;
  readonly console: KernelMachineOptions['console'];
  readonly #options: UmlMachineOptions;
  readonly #door = new SerialQueue();
  readonly #tail = new ConsoleTail();
  #process: MachineProcess | undefined;
  #powered = false;
  #isFrozen = false;
  /** Ends what waits to start again, when the power goes. */
  #restart: AbortController | undefined;

  constructor(options: UmlMachineOptions) {
    this.#options = options;
    this.name = options.name;
    this.console = options.console;
    options.console.onInput((chunk) => this.#process?.type(chunk));
  }

  get powered(): boolean {
    return this.#powered;
  }

  powerOn(): Promise<void> {
    return this.#door.run(async () => {
      if (!this.#powered) await this.#start();
    });
  }

  powerOff(): Promise<void> {
    return this.#door.run(() => this.#stop());
  }

  reset(): Promise<void> {
    return this.#door.run(async () => {
      if (!this.#powered) return;
      await this.#stop();
      await this.#start();
    });
  }

  /** Ctrl-Alt-Del, the one button that this kernel has; the guest's init powers off. */
  softOff(): Promise<void> {
    return this.#door.run(() => this.#command('cad'));
  }

  /** There is no such interrupt: SysRq prints where its processor is. */
  nmi(): Promise<void> {
    return this.#door.run(() => this.#command('sysrq p'));
  }

  freeze(): Promise<void> {
    return this.#door.run(async () => {
      if (this.#isFrozen) return;
      await this.#command('stop');
      this.#isFrozen = this.#isRunning;
    });
  }

  thaw(): Promise<void> {
    return this.#door.run(async () => {
      if (!this.#isFrozen) return;
      await this.#command('go');
      this.#isFrozen = false;
    });
  }

  async dispose(): Promise<void> {
    await this.powerOff();
    rmSync(this.#options.stateDir, { recursive: true, force: true });
  }

  get #isRunning(): boolean {
    return this.#process?.isOver === false;
  }

  /** A kernel that hangs hears nothing; that is no error of the one who pressed the button. */
  async #command(command: string): Promise<void> {
    if (!this.#isRunning || (this.#isFrozen && command !== 'go')) return;
    const socketPath = join(this.#options.stateDir, 'kernel', 'mconsole');
    await mconsole(socketPath, command, { timeoutMs: commandTimeoutMs });
  }

  async #start(): Promise<void> {
    const { stateDir, console: port } = this.#options;
    await writeSeed(this.#options);
    // A kernel that was killed leaves its directory, and the next one with its name then has no management console.
    rmSync(join(stateDir, 'kernel'), { recursive: true, force: true });
    this.#tail.clear();
    const machine = new MachineProcess({
      argv: umlCommand(this.#options),
      cwd: stateDir,
      errorFile: join(stateDir, 'uml.log'),
      console: { ...port, write: (chunk) => (this.#tail.add(chunk), port.write(chunk)) },
      onExit: (exitCode) => this.#onExit(machine, exitCode),
    });
    await machine.started();
    this.#process = machine;
    this.#isFrozen = false;
    this.#powered = true;
  }

  async #stop(): Promise<void> {
    this.#powered = false;
    this.#isFrozen = false;
    this.#restart?.abort();
    await this.#process?.kill();
    this.#process = undefined;
  }

  #onExit(machine: MachineProcess, exitCode: number | null): void {
    if (this.#process !== machine || !this.#powered) return;
    const { panicRebootSeconds = 0 } = this.#options;
    if (exitCode === 0 && this.#tail.has('reboot: System halted')) this.#powered = false;
    else if (exitCode === 0 && this.#tail.has('reboot: Restarting system')) this.#startAgain(machine, 0);
    else if (exitCode === panicked && panicRebootSeconds > 0) this.#startAgain(machine, panicRebootSeconds * 1000);
  }

  #startAgain(before: MachineProcess, delayMs: number): void {
    const restart = new AbortController();
    this.#restart = restart;
    void sleep(delayMs, { signal: restart.signal })
      .then(() =>
        this.#door.run(async () => {
          if (this.#powered && this.#process === before) await this.#start();
        }),
      )
      // The power went meanwhile; or it cannot start again, and hangs as a machine with a broken disk would.
      .catch(() => undefined);
  }
}

/**
 * Why each word: `noreboot`, because a reboot inside the process loses the tap device; `mac=`, because a new address at each boot is not found for 20 s; `gro=1`,
 * because without it TCP crawls. In a PID namespace of its own, or processes of the guest outlive it and hold its disk; not as that namespace's init, because
 * an init ignores its own SIGABRT and a panic would never end.
 */
function umlCommand(options: UmlMachineOptions): string[] {
  const { stateDir, network, image, memoryMb = 256, kernelArgs = [] } = options;
  return [
    ...network.enter,
    'unshare',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
    '--',
    'sh',
    '-c',
    'linux.uml "$@"; code=$?; exit $code',
    'uml',
    'umid=kernel',
    `uml_dir=${stateDir}/`,
    `mem=${memoryMb}M`,
    `ubd0=${join(stateDir, 'disk.cow')},${image.disk}`,
    `ubd1r=${join(stateDir, 'seed.img')}`,
    'root=/dev/ubda',
    'rw',
    'rootfstype=ext4',
    'init=/sbin/lab-init',
    'noreboot',
    'con=null',
    'con0=fd:0,fd:1',
    'console=tty0',
    'sysrq_always_enabled=1',
    `vec0:transport=tap,ifname=${network.tap},depth=64,gro=1,mac=${network.macAddress}`,
    ...kernelArgs,
  ];
}
