import type { LabNetwork } from './network/lab-network.ts';
import type { Machine } from './machine.ts';

/** What a lab gives a machine that it has made. */
export interface MachineOptions {
  readonly name: string;
  /** Number of the host in the lab, from 1: unique, for names of devices. */
  readonly index: number;
  readonly address: string;
  /** Device that connects it to the lab's bridge: for a namespaced machine the other end of its eth0, else a tap device, for its emulator. It is there already. */
  readonly link: string;
  /** For emulators: the same at each boot, else the host's neighbours talk to the old one for many seconds. */
  readonly macAddress: string;
  readonly network: LabNetwork;
  /** Directory for all that belongs to this machine; there and empty at the start. */
  readonly stateDir: string;
  /** Unix socket for its console; short enough for the kernel. */
  readonly consoleSocket: string;
  /** Public key to let in as root: a line of `authorized_keys`. */
  readonly authorizedKey: string;
  /** Private host key that its sshd shows; a file in OpenSSH's format, with `.pub` beside it. */
  readonly hostKeyFile: string;
  /** What BMCs let the user `admin` in with. */
  readonly bmcPassword: string;
  /** Says what takes long, such as building an image. */
  readonly onProgress: (text: string) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Makes a machine, off. One a kind: see `machineFactories`. */
export type MachineFactory = (options: MachineOptions) => Promise<Machine>;

/** What runs beside a machine and belongs to it, such as a BMC. */
export interface HostService {
  /** Added to the host's attributes. */
  readonly attributes: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Starts a service for a machine that is there. */
export type HostServiceFactory = (machine: Machine, options: MachineOptions) => Promise<HostService>;
