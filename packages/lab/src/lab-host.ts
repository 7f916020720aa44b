import type { Machine } from './machine.ts';

/** A host of a lab, as Autotest is told of it. */
export interface LabHost {
  readonly name: string;
  readonly machine: Machine;
  readonly address: string;
  readonly port: number;
  /** Device on the lab's bridge that leads to it. */
  readonly link: string;
  readonly user: string;
  /** Private key that is let in. */
  readonly keyFile: string;
  /** Public host key, `ssh-ed25519 AAAA…`. */
  readonly hostKey: string;
  /** `power` and `console`: how its BMC and serial console are reached. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly labels: readonly string[];
  /** Resolves when its sshd sends a banner. @throws LabError after `timeoutMs` */
  waitUp(timeoutMs?: number): Promise<void>;
}
