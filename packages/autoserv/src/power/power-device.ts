import type { PowerState } from '@autotest/core';

export type PowerOrder = 'on' | 'off' | 'cycle' | 'reset' | 'nmi';

/** One try of a call: it must end when the signal fires. */
export interface PowerTry {
  readonly signal: AbortSignal;
  /** Time that is left. */
  readonly leftMs: number;
}

/** The part of a driver that speaks to one kind of device: one try of each call, without retries. */
export interface PowerDevice {
  send(order: PowerOrder, call: PowerTry): Promise<void>;
  status(call: PowerTry): Promise<PowerState>;
}

/** Thrown by a device: what it said. Only transient ones are tried again. */
export class DeviceError extends Error {
  readonly kind: 'transient' | 'refused' | 'auth';
  constructor(kind: DeviceError['kind'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.kind = kind;
  }
}
