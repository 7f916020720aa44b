/**
 * One machine of a lab, whatever it is made of: namespaces and an sshd, a User-mode Linux kernel, a virtual machine. What a person at the rack could do to it.
 *
 * off      nothing of it runs
 * on       it boots, runs, hangs or panics: only its console and its network tell
 *
 * A machine that reboots by itself stays on and gets another boot id; one that halts by itself is off.
 */
export interface Machine {
  readonly name: string;
  readonly kind: MachineKind;
  readonly powered: boolean;
  /** Serial console: everything it printed is in `logFile`; any number of clients may read and write at `socketPath` (a Unix socket). */
  readonly console: MachineConsole;
  /** Switches it on; done when it runs, not when it answers. Does nothing where it is on. */
  powerOn(): Promise<void>;
  /** Takes the power away: nothing on it gets to say a word, its peers see nothing close. Does nothing where it is off. */
  powerOff(): Promise<void>;
  /** Presses the reset button. */
  reset(): Promise<void>;
  /** Asks the operating system to power off (ACPI button); it may not listen. */
  softOff(): Promise<void>;
  /** Non-maskable interrupt, where the kind has one: kernels print where they are, or panic. @throws LabError where it has none */
  nmi(): Promise<void>;
  /** Stops all its processors; its network connections stay open and silent. */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** Off, and everything that was made for it deleted. */
  dispose(): Promise<void>;
}

export const machineKinds = ['namespace', 'uml', 'qemu'] as const;
export type MachineKind = (typeof machineKinds)[number];

export interface MachineConsole {
  readonly logFile: string;
  readonly socketPath: string;
}
