import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConsoleHub } from './console/console-hub.ts';
import type { GuestImage } from './image/guest-image.ts';
import type { MachineOptions } from './machine-factory.ts';
import type { KernelMachineOptions } from './machine-options.ts';
import type { Machine } from './machine.ts';

/** Memory in MiB of a machine with a kernel of its own: client, test and Node's file in a tmpfs-free guest. */
const memoryMb = 384;

/** Makes a machine with a kernel of its own from what a lab gives it, with its console open. */
export async function makeKernelMachine(
  options: MachineOptions,
  image: GuestImage,
  make: (options: KernelMachineOptions & { readonly image: GuestImage }) => Machine,
): Promise<Machine> {
  const hub = new ConsoleHub({ logFile: join(options.stateDir, 'console.log'), socketPath: options.consoleSocket });
  await hub.listen();
  const { network } = options;
  const machine = make({
    name: options.name,
    stateDir: options.stateDir,
    network: {
      enter: network.enter,
      tap: options.link,
      address: options.address,
      prefixLength: network.prefixLength,
      gateway: network.gateway,
      macAddress: options.macAddress,
    },
    console: hub,
    authorizedKeys: options.authorizedKey,
    hostKey: readFileSync(options.hostKeyFile, 'utf8'),
    memoryMb,
    image,
  });
  const dispose = machine.dispose.bind(machine);
  machine.dispose = async () => {
    await dispose();
    await hub.close();
  };
  return machine;
}
