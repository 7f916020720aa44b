import { join } from 'node:path';
import type { HostService, MachineOptions } from '../machine-factory.ts';
import type { Machine } from '../machine.ts';
import { Chassis } from './chassis.ts';
import { startIpmiBmc } from './ipmi-bmc.ts';
import { startRedfishBmc } from './redfish-bmc.ts';

const user = 'admin';
/** Name of the file with the password of all BMCs of a lab, in its directory of secrets. */
export const bmcPasswordFile = 'bmc.password';

/**
 * The BMC of a host of a lab, on a loopback address of its own. Machines with kernels have one that speaks IPMI (OpenIPMI's simulator); of namespaced ones there may be
 * hundreds, so theirs speak Redfish and are part of this process.
 */
export async function startHostBmc(machine: Machine, options: MachineOptions): Promise<HostService> {
  const chassis = new Chassis(machine);
  const { bmcPassword: password, stateDir, signal } = options;
  const address = bmcAddress(options.address);
  if (machine.kind === 'namespace') {
    const port = 8000;
    const bmc = await startRedfishBmc(chassis, { address, port, user, password });
    const place = `${address}:${port}/redfish/v1/Systems/1`;
    return {
      attributes: { power: `redfish+http://${user}@${place}?password-file=${bmcPasswordFile}` },
      close: () => bmc.close(),
    };
  }
  const port = 623;
  const ipmi = { stateDir: join(stateDir, 'bmc'), address, port, user, password, ...(signal && { signal }) };
  const bmc = await startIpmiBmc(chassis, ipmi);
  return {
    attributes: { power: `ipmi://${user}@${address}:${port}?cipher=3&password-file=${bmcPasswordFile}` },
    close: () => bmc.close(),
  };
}

/** 198.18.a.b is the host's, 127.118.a.b its BMC's: as unique, and reachable from this machine only. */
function bmcAddress(hostAddress: string): string {
  return `127.118.${hostAddress.split('.').slice(2).join('.')}`;
}
