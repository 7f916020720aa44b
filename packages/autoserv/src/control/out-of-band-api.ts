import { NotSupportedError, parseDuration, type HostConsole, type HostSpec, type Power } from '@autotest/core';
import type { ExecutionContext } from '../execution/context.ts';

/** `power` of a host, as control files and steps use it. */
export function powerApi(context: ExecutionContext, spec: HostSpec): Power {
  const signal = { signal: context.stopper.signal };
  const driver = async () => {
    const { power } = context.outOfBand(spec);
    if (power) return power;
    throw new NotSupportedError(
      `Power of host ${spec.name}`,
      'Give the host an attribute `power`, such as ipmi://admin@bmc-1.',
    );
  };
  return {
    on: async () => (await driver()).on(signal),
    off: async () => (await driver()).off(signal),
    cycle: async () => (await driver()).cycle(signal),
    status: async () => (await driver()).status(signal),
  };
}

/** `console` of a host, as control files and steps use it. */
export function consoleApi(context: ExecutionContext, spec: HostSpec): HostConsole {
  const console = async () => {
    const { console: found } = context.outOfBand(spec);
    if (found) return found;
    throw new NotSupportedError(
      `Console of host ${spec.name}`,
      'Give the host an attribute `console`, such as tcp://ser2net-1:7001.',
    );
  };
  return {
    expect: async (pattern, timeout = '1 minute') =>
      (await console()).waitFor(pattern, { timeoutMs: parseDuration(timeout), signal: context.stopper.signal }),
    send: async (text) => (await console()).send(text),
    log: async () => (await console()).log(),
  };
}
