import type { StepHost } from '../steps/host-step.ts';

/** Puts an image onto a host. Afterwards the host boots from it, with the keys of the lab let in. */
export interface Provisioner {
  /**
   * Done when the host has the image and was made to boot it; it need not answer yet. What it says goes to the step's log.
   *
   * @throws ProvisionError
   */
  provision(host: StepHost, image: string): Promise<Provisioned>;
}

export interface Provisioned {
  /** The host keys that it will show from now on, in OpenSSH format; absent: those it had. */
  readonly hostKeys?: readonly string[];
}
