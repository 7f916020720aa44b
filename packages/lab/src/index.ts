/**
 * Makes a lab of real hosts on one machine: each with an address, root, a boot id, a serial console and a BMC of its own.
 *
 * ```ts
 * const lab = await startLab({ hosts: { namespace: 3 } });
 * console.log(lab.hosts.map((host) => `${host.name} ${host.address}`), lab.keyFile);
 * await lab.fault('ns-1', 'cut');
 * await lab.close();
 * ```
 *
 * @module
 */
export { startLab, type Lab, type LabOptions } from './lab.ts';
export type { LabHost } from './lab-host.ts';
export { machineKinds, type Machine, type MachineConsole, type MachineKind } from './machine.ts';
export { faults, faultNames, type Fault, type FaultName, type Undo } from './faults/faults.ts';
export { rootFileSystems, type RootFs } from './namespace/root-fs.ts';
export type { LabNetwork } from './network/lab-network.ts';
export { LabError, LabUnfitError } from './errors.ts';
export { startSimulatedHosts, type SimulatedHosts, type SimulatedOptions } from './simulated/simulated-hosts.ts';
export type { SimulatedHost } from './simulated/simulated-host.ts';
export { behaviours, type Behaviour } from './simulated/behaviour.ts';
export { askLab } from './control/lab-client.ts';
export { checkNoLab, serveLab, type LabServer, type LabServerOptions } from './control/lab-server.ts';
export { powerActions, type HostFacts, type LabRequest, type PowerAction } from './control/messages.ts';
export { startIpmiBmc, type Bmc, type IpmiBmcOptions } from './bmc/ipmi-bmc.ts';
export { startRedfishBmc, type RedfishBmcOptions } from './bmc/redfish-bmc.ts';
export { startSnmpPdu, type SnmpPduOptions } from './bmc/snmp-pdu.ts';
export { guestImage, type GuestImage, type GuestImageOptions } from './image/guest-image.ts';
export type { ConsolePort, KernelMachineOptions, MachineNetwork } from './machine-options.ts';
export { QemuMachine, type QemuMachineOptions } from './qemu/qemu-machine.ts';
export { UmlMachine, type UmlMachineOptions } from './uml/uml-machine.ts';
export { Chassis, type BootDevice, type ChassisState } from './bmc/chassis.ts';
