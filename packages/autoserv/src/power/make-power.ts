import {
  parsePowerUrl,
  type HostSpec,
  type PowerCall,
  type PowerDriver,
  type PowerState,
  type PowerTarget,
} from '@autotest/core';
import { PowerError } from '../errors.ts';
import { cycleByHand } from './cycle.ts';
import type { PowerDevice, PowerOrder } from './power-device.ts';
import { withinCall } from './within-call.ts';

interface Kind<T extends PowerTarget> {
  /** For people, without secrets. */
  where(target: T): string;
  /** Orders beyond on and off that it knows; a cycle that it does not know is made of them. */
  also(target: T): readonly ('cycle' | 'reset' | 'nmi')[];
  load(target: T, about: { readonly host: string; readonly env: NodeJS.ProcessEnv }): Promise<PowerDevice>;
}

// Loaded on demand: most executions switch nothing.
const kinds: { readonly [K in PowerTarget['kind']]: Kind<Extract<PowerTarget, { kind: K }>> } = {
  ipmi: {
    where: ({ user, address, port }) => `ipmi://${user}@${address}:${port}`,
    also: () => ['cycle', 'reset', 'nmi'],
    load: async (target, about) => (await import('./ipmi.ts')).makeIpmi(target, about),
  },
  redfish: {
    where: ({ origin, path }) => `redfish+${origin}${path}`,
    also: () => ['reset', 'nmi'],
    load: async (target, about) => (await import('./redfish.ts')).makeRedfish(target, about),
  },
  snmp: {
    where: ({ address, port, oid }) => `snmp://${address}:${port} ${oid}`,
    also: ({ values }) => (values.cycle === undefined ? [] : ['cycle']),
    load: async (target, about) => (await import('./snmp.ts')).makeSnmp(target, about),
  },
  qmp: {
    where: ({ path }) => `qmp://${path}`,
    also: () => ['reset', 'nmi'],
    load: async (target) => (await import('./qmp.ts')).makeQmp(target),
  },
  libvirt: {
    where: ({ domain, connect }) => `libvirt:///${domain} (${connect})`,
    also: () => ['reset', 'nmi'],
    load: async (target, about) => (await import('./libvirt.ts')).makeLibvirt(target, about),
  },
  command: {
    where: ({ name }) => `command:${name}`,
    also: () => ['cycle', 'reset'],
    load: async (target, about) => (await import('./command.ts')).makeCommand(target, about),
  },
};

/** The driver for a power URL. Nothing is loaded or connected before its first call. @throws DriverUrlError */
export function makePower(host: Pick<HostSpec, 'name'>, url: string, env: NodeJS.ProcessEnv): PowerDriver {
  const target = parsePowerUrl(url, host.name);
  // oxlint-disable-next-line no-unsafe-type-assertion -- the table has for each kind what belongs to it
  const kind = kinds[target.kind] as Kind<PowerTarget>;
  const where = kind.where(target);
  let device: Promise<PowerDevice> | undefined;
  const load = (): Promise<PowerDevice> => {
    device ??= kind.load(target, { host: host.name, env });
    // A secret that was missing may be there at the next call.
    device.catch(() => (device = undefined));
    return device;
  };
  const send = (order: PowerOrder, call: PowerCall): Promise<void> =>
    withinCall({ host: host.name, where, what: order }, call, async (one) => (await load()).send(order, one));
  const status = (call: PowerCall): Promise<PowerState> =>
    withinCall({ host: host.name, where, what: 'status' }, call, async (one) => (await load()).status(one));
  const knows = new Set<string>(kind.also(target));
  const basic = { on: (call: PowerCall) => send('on', call), off: (call: PowerCall) => send('off', call), status };
  return {
    where,
    ...basic,
    cycle: (call) =>
      knows.has('cycle')
        ? send('cycle', call)
        : cycleByHand(basic, call, (why) => new PowerError(host.name, 'cycle', where, why)),
    ...(knows.has('reset') && { reset: (call: PowerCall) => send('reset', call) }),
    ...(knows.has('nmi') && { nmi: (call: PowerCall) => send('nmi', call) }),
  };
}
