import { closeSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../errors.ts';
import type { GuestImage } from '../image/guest-image.ts';
import { writeSeed } from '../image/seed.ts';
import type { Machine } from '../machine.ts';
import type { KernelMachineOptions } from '../machine-options.ts';
import { MachineProcess } from '../machine-process.ts';
import { SerialQueue } from '../serial-queue.ts';
import { connectQmp } from './connect-qmp.ts';
import { makeDisk } from './disk.ts';
import { qemuCommand, qemuFiles, type QemuShape } from './qemu-command.ts';
import type { QmpClient, QmpEvent } from './qmp.ts';
import { snapshotOf } from './snapshot.ts';

export interface QemuMachineOptions extends KernelMachineOptions {
  readonly image: GuestImage;
  /**
   * What happens at power-on. `boot`: firmware and kernel, all on the console. `snapshot`: from memory saved after the kernel's boot, which takes a quarter of the
   * time; what the kernel said before is in dmesg only. Reboots and resets boot in any case.
   * @default 'boot'
   */
  readonly powerOnFrom?: 'boot' | 'snapshot';
  /** Called with what QEMU tells: `GUEST_PANICKED`, `RESET`, `SHUTDOWN`. */
  readonly onEvent?: (event: QmpEvent) => void;
}

const commandTimeoutMs = 10_000;

/**
 * A virtual machine (QEMU, emulated): firmware, disk, network card and interrupts of a PC.
 *
 * It reboots and panics within the QEMU process; that ends when the guest powers off, and the machine is off then. A guest that only halts stays on, as a PC does.
 * Its disk is a copy-on-write file over the image; it stays until `dispose`.
 */
export class QemuMachine implements Machine {
  readonly kind = 'qemu';
  readonly name: string;
  readonly console: KernelMachineOptions['console'];
  readonly #options: QemuMachineOptions;
  readonly #door = new SerialQueue();
  #process: MachineProcess | undefined;
  #qmp: QmpClient | undefined;

  constructor(options: QemuMachineOptions) {
    this.#options = options;
    this.name = options.name;
    this.console = options.console;
    options.console.onInput((chunk) => this.#process?.type(chunk));
  }

  get powered(): boolean {
    return this.#process?.isOver === false;
  }

  powerOn(): Promise<void> {
    return this.#door.run(async () => {
      if (!this.powered) await this.#start();
    });
  }

  powerOff(): Promise<void> {
    return this.#door.run(() => this.#stop());
  }

  reset(): Promise<void> {
    return this.#execute('system_reset', 'cont');
  }

  softOff(): Promise<void> {
    return this.#execute('system_powerdown');
  }

  nmi(): Promise<void> {
    return this.#execute('inject-nmi');
  }

  freeze(): Promise<void> {
    return this.#execute('stop');
  }

  thaw(): Promise<void> {
    return this.#execute('cont');
  }

  /** Plugs the network cable in or out: the guest sees its link go. Needs power. */
  setLink(isUp: boolean): Promise<void> {
    return this.#door.run(async () => {
      if (!this.powered) throw new LabError(`Machine ${this.name} is off; its link cannot be set. Switch it on first.`);
      await this.#qmp?.execute('set_link', { name: 'card', up: isUp });
    });
  }

  async dispose(): Promise<void> {
    await this.powerOff();
    rmSync(this.#options.stateDir, { recursive: true, force: true });
  }

  /** Buttons of a machine that is off do nothing. */
  #execute(...commands: readonly string[]): Promise<void> {
    return this.#door.run(async () => {
      if (!this.powered) return;
      for (const command of commands) await this.#qmp?.execute(command);
    });
  }

  async #start(): Promise<void> {
    const { image, stateDir, network, powerOnFrom = 'boot', onEvent } = this.#options;
    const { memoryMb = 256, panicRebootSeconds = 0, kernelArgs = [] } = this.#options;
    const shape: QemuShape = { image, memoryMb, panicRebootSeconds, kernelArgs };
    const files = qemuFiles(stateDir);
    const errorFile = join(stateDir, 'qemu.log');
    await writeSeed(this.#options);
    await makeDisk(files.disk, image);
    const memory = powerOnFrom === 'snapshot' ? openSync(await snapshotOf(shape), 'r') : undefined;
    const incoming = memory === undefined ? [] : ['-incoming', 'fd:3'];
    rmSync(files.qmpSocket, { force: true });
    const machine = new MachineProcess({
      argv: [...network.enter, ...qemuCommand(shape, files, network), ...incoming],
      cwd: stateDir,
      errorFile,
      console: this.console,
      ...(memory !== undefined && { inherit: memory }),
      onExit: () => undefined,
    });
    if (memory !== undefined) closeSync(memory);
    await machine.started();
    try {
      const options = { timeoutMs: commandTimeoutMs, ...(onEvent && { onEvent }) };
      this.#qmp = await connectQmp(files.qmpSocket, machine, errorFile, options);
    } catch (error) {
      await machine.kill();
      throw error;
    }
    this.#process = machine;
  }

  async #stop(): Promise<void> {
    this.#qmp?.close();
    this.#qmp = undefined;
    await this.#process?.kill();
    this.#process = undefined;
  }
}
