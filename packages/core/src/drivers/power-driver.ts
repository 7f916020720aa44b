/** What a power driver says of a host. `unknown`: it answers, but does not know. */
export type PowerState = 'on' | 'off' | 'unknown';

/** How long a call may take altogether, retries included; the signal ends it at once. */
export interface PowerCall {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Switches the power of one host. Every call resolves when the device took the order, not when the host is up.
 * It throws an error with the code AT_HOST_POWER (the device cannot be reached or refuses) or AT_HOST_POWER_AUTH (it refuses our credentials).
 */
export interface PowerDriver {
  /** For people, without secrets: `ipmi://admin@bmc-7:623`. */
  readonly where: string;
  on(call: PowerCall): Promise<void>;
  off(call: PowerCall): Promise<void>;
  /** Off, and on again, whatever it was before. */
  cycle(call: PowerCall): Promise<void>;
  status(call: PowerCall): Promise<PowerState>;
  /** Resets the machine without taking its power away; absent where the driver has no way to. */
  reset?(call: PowerCall): Promise<void>;
  /** Sends a non-maskable interrupt, at which kernels write a crash dump; absent where the driver has no way to. */
  nmi?(call: PowerCall): Promise<void>;
}
