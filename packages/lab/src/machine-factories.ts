import type { MachineKind } from './machine.ts';
import type { HostServiceFactory, MachineFactory } from './machine-factory.ts';
import { makeNamespaceMachine } from './namespace/namespace-machine.ts';

/** How machines of each kind are made. @param rootFs for namespaced ones */
export function machineFactories(rootFs: string | undefined): Partial<Record<MachineKind, MachineFactory>> {
  return {
    namespace: (options) => makeNamespaceMachine({ ...options, rootFs }),
  };
}

/** What is started for each machine, in this order. */
export const hostServices: readonly HostServiceFactory[] = [];
