import { startHostBmc } from './bmc/host-bmc.ts';
import type { GuestImage } from './image/guest-image.ts';
import { makeKernelMachine } from './kernel-machine.ts';
import type { MachineKind } from './machine.ts';
import type { HostServiceFactory, MachineFactory } from './machine-factory.ts';
import { makeNamespaceMachine } from './namespace/namespace-machine.ts';
import { QemuMachine } from './qemu/qemu-machine.ts';
import { UmlMachine } from './uml/uml-machine.ts';

/** What machines are made from, as far as kinds of the lab need it. */
export interface MachineSources {
  /** Root file system of namespaced ones; undefined: this machine's own. */
  readonly rootFs: string | undefined;
  /** Image of those with a kernel of their own; undefined where the lab has none. */
  readonly image: GuestImage | undefined;
}

/** How machines of each kind are made. */
export function machineFactories({ rootFs, image }: MachineSources): Partial<Record<MachineKind, MachineFactory>> {
  return {
    namespace: (options) => makeNamespaceMachine({ ...options, rootFs }),
    ...(image && {
      uml: (options) => makeKernelMachine(options, image, (all) => new UmlMachine(all)),
      qemu: (options) =>
        makeKernelMachine(options, image, (all) => new QemuMachine({ ...all, powerOnFrom: 'snapshot' })),
    }),
  };
}

/** What is started for each machine, in this order. */
export const hostServices: readonly HostServiceFactory[] = [startHostBmc];
