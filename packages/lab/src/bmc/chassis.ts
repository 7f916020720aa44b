import type { Machine } from '../machine.ts';

export const bootDevices = ['none', 'pxe', 'disk', 'cdrom', 'bios'] as const;
export type BootDevice = (typeof bootDevices)[number];

export const powerActions = ['on', 'off', 'reset', 'cycle', 'soft-off', 'nmi'] as const;
export type PowerAction = (typeof powerActions)[number];

export interface ChassisState {
  readonly powered: boolean;
  readonly bootDevice: BootDevice;
  /** Whether the light by which people find the machine is on. */
  readonly identify: boolean;
}

/** What the BMCs of one machine share: its buttons, and what it is to boot from next. */
export class Chassis {
  readonly machine: Machine;
  /** Where the next power-on or reset is to boot from; whoever provides that asks for it here. */
  bootDevice: BootDevice = 'none';
  identify = false;

  constructor(machine: Machine) {
    this.machine = machine;
  }

  state(): ChassisState {
    return { powered: this.machine.powered, bootDevice: this.bootDevice, identify: this.identify };
  }

  async press(action: PowerAction): Promise<void> {
    await buttons[action](this.machine);
  }
}

const buttons: Readonly<Record<PowerAction, (machine: Machine) => Promise<void>>> = {
  on: (machine) => machine.powerOn(),
  off: (machine) => machine.powerOff(),
  reset: (machine) => machine.reset(),
  cycle: async (machine) => {
    await machine.powerOff();
    await machine.powerOn();
  },
  'soft-off': (machine) => machine.softOff(),
  nmi: (machine) => machine.nmi(),
};
