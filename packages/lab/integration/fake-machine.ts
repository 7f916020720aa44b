import type { Machine, MachineConsole } from '../src/machine.ts';

/** A machine that only remembers its power and what was pressed; its console belongs to the test. */
export class FakeMachine implements Machine {
  readonly kind = 'namespace';
  readonly name: string;
  readonly console: MachineConsole;
  readonly pressed: string[] = [];
  powered = false;

  constructor(name: string, console: MachineConsole = { logFile: '', socketPath: '' }) {
    this.name = name;
    this.console = console;
  }

  powerOn = (): Promise<void> => this.#press('on', true);
  powerOff = (): Promise<void> => this.#press('off', false);
  reset = (): Promise<void> => this.#press('reset');
  softOff = (): Promise<void> => this.#press('soft-off');
  nmi = (): Promise<void> => this.#press('nmi');
  freeze = (): Promise<void> => this.#press('freeze');
  thaw = (): Promise<void> => this.#press('thaw');
  dispose = (): Promise<void> => this.#press('dispose', false);

  async #press(button: string, powered = this.powered): Promise<void> {
    this.pressed.push(button);
    this.powered = powered;
  }
}
