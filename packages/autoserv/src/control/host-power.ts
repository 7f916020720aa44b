import {
  NotSupportedError,
  parseDuration,
  type Duration,
  type HostSpec,
  type Power,
  type PowerCall,
  type PowerDriver,
} from '@autotest/core';
import { powerOf } from '../power/power-of.ts';

const defaultTimeout: Duration = '2 minutes';

export interface HostPowerOptions {
  readonly spec: HostSpec;
  readonly env: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** Runs one call as a durable step. */
  readonly step: <T>(name: string, fn: () => Promise<T>) => Promise<T>;
}

/** Power of a host as a server control file switches it: each call a durable step. Refuses where the host has no attribute `power`. */
export function makeHostPower({ spec, env, signal, step }: HostPowerOptions): Power {
  let driver: PowerDriver | undefined;
  const needed = (): PowerDriver => {
    driver ??= powerOf({ env }, spec);
    if (driver) return driver;
    throw new NotSupportedError(
      `Power of host ${spec.name}`,
      'Set its attribute power to the device that switches it, for example ipmi://admin@bmc.example?password-file=bmc.',
    );
  };
  const call = (timeout: Duration = defaultTimeout): PowerCall => ({ timeoutMs: parseDuration(timeout), signal });
  const optional = (name: 'reset' | 'nmi', timeout: Duration | undefined): Promise<void> =>
    step(name, async () => {
      const found = needed();
      const send = found[name];
      if (!send) throw new NotSupportedError(`power.${name}() by ${found.where}`, 'Use power.cycle().');
      await send(call(timeout));
    });
  return {
    on: ({ timeout } = {}) => step('on', async () => needed().on(call(timeout))),
    off: ({ timeout } = {}) => step('off', async () => needed().off(call(timeout))),
    cycle: ({ timeout } = {}) => step('cycle', async () => needed().cycle(call(timeout))),
    reset: ({ timeout } = {}) => optional('reset', timeout),
    nmi: ({ timeout } = {}) => optional('nmi', timeout),
    status: ({ timeout } = {}) => step('status', async () => needed().status(call(timeout))),
  };
}
