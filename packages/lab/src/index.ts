/**
 * Makes a lab of real hosts on one machine: each with an address, root, a boot id, a serial console and a BMC of its own.
 *
 * @module
 */
export type { LabHost } from './lab-host.ts';
export { machineKinds, type Machine, type MachineConsole, type MachineKind } from './machine.ts';
