/** What a machine with a kernel of its own is made from. */
export interface KernelMachineOptions {
  readonly name: string;
  /** Directory of its own for disk, sockets and logs; must exist. Its path has at most 80 bytes: sockets are made in it. */
  readonly stateDir: string;
  readonly network: MachineNetwork;
  readonly console: ConsolePort;
  /** Public keys that are let in as root, one a line. */
  readonly authorizedKeys: string;
  /** Its own private host key (ed25519), as ssh-keygen writes it. */
  readonly hostKey: string;
  /** Memory in MiB; Node on the host needs 256. @default 256 */
  readonly memoryMb?: number;
  /**
   * Seconds from a panic to a reboot, as the kernel's `panic=`. 0: it hangs, with the panic on its console, until somebody presses reset or takes the power away.
   * @default 0
   */
  readonly panicRebootSeconds?: number;
  /** Further words for the kernel's command line. @default none */
  readonly kernelArgs?: readonly string[];
}

/** Where a machine is plugged in: a tap device that exists already, on a bridge. */
export interface MachineNetwork {
  /** What runs a program in the lab's network namespace: `['nsenter', '--net=/run/netns/NAME']`; empty for this process's own. */
  readonly enter: readonly string[];
  readonly tap: string;
  readonly address: string;
  readonly prefixLength: number;
  /** Address of the way to whoever drives the lab from outside of its network. @default none */
  readonly gateway?: string;
  /** The same at each boot, else its neighbours talk to the old one for many seconds. */
  readonly macAddress: string;
}

/** The other end of a machine's serial line. */
export interface ConsolePort {
  readonly logFile: string;
  readonly socketPath: string;
  /** Takes what the machine printed. */
  write(chunk: Uint8Array): void;
  /** Called with what people typed. */
  onInput(listener: (chunk: Uint8Array) => void): void;
}
