/**
 * Makes a lab of real hosts on one machine: each with an address, root, a boot id, a serial console and a BMC of its own.
 *
 * @module
 */
export type { LabHost } from './lab-host.ts';
export { machineKinds, type Machine, type MachineConsole, type MachineKind } from './machine.ts';
export { Chassis, type BootDevice, type ChassisState, type PowerAction } from './bmc/chassis.ts';
export { startIpmiBmc, type Bmc, type IpmiBmcOptions } from './bmc/ipmi-bmc.ts';
export { startRedfishBmc, type RedfishBmcOptions } from './bmc/redfish-bmc.ts';
export { startSnmpPdu, type SnmpPduOptions } from './bmc/snmp-pdu.ts';
export { guestImage, type GuestImage, type GuestImageOptions } from './image/guest-image.ts';
export type { ConsolePort, KernelMachineOptions, MachineNetwork } from './machine-options.ts';
export { QemuMachine, type QemuMachineOptions } from './qemu/qemu-machine.ts';
export { UmlMachine, type UmlMachineOptions } from './uml/uml-machine.ts';
export { LabError } from './errors.ts';
