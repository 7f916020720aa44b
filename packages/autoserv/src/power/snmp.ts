import type { PowerTarget } from '@autotest/core';
import snmp from 'net-snmp';
import { DeviceError, type PowerDevice, type PowerOrder, type PowerTry } from './power-device.ts';
import { readSecret } from './secret-file.ts';

type Varbind = { readonly oid: string; readonly type?: number; readonly value?: unknown };

/** A power distribution unit that is switched by setting a number over SNMP. */
export function makeSnmp(
  target: Extract<PowerTarget, { kind: 'snmp' }>,
  { env }: { readonly env: NodeJS.ProcessEnv },
): PowerDevice {
  const { oid, values } = target;
  const ask = (request: (session: snmp.Session, done: Done) => void, call: PowerTry): Promise<unknown> =>
    withSession(target, env, call, request);
  return {
    send: async (order, call) => {
      const value = valueOf(order, values);
      const varbinds = [{ oid, type: snmp.ObjectType.Integer, value }];
      await ask((session, done) => session.set(varbinds, done), call);
    },
    status: async (call) => {
      const value = await ask((session, done) => session.get([oid], done), call);
      // A unit shows a reboot that goes on as the number that began it.
      return value === values.on || value === values.cycle ? 'on' : value === values.off ? 'off' : 'unknown';
    },
  };
}

function valueOf(order: PowerOrder, values: { on: number; off: number; cycle?: number }): number {
  if (order === 'on' || order === 'off') return values[order];
  if (order === 'cycle' && values.cycle !== undefined) return values.cycle;
  throw new DeviceError('refused', `it knows no ${order}`);
}

type Done = (error: Error | null, varbinds?: Varbind[]) => void;

async function withSession(
  target: Extract<PowerTarget, { kind: 'snmp' }>,
  env: NodeJS.ProcessEnv,
  { signal, leftMs }: PowerTry,
  request: (session: snmp.Session, done: Done) => void,
): Promise<unknown> {
  signal.throwIfAborted();
  const community =
    target.communityFile === undefined ? (target.community ?? '') : readSecret(target.communityFile, env).text;
  const session = snmp.createSession(target.address, community, {
    port: target.port,
    version: target.version === '1' ? snmp.Version1 : snmp.Version2c,
    // A wrong community is answered by silence, as a dead unit is.
    timeout: Math.min(1000, leftMs),
    retries: 2,
    ...(target.address.includes(':') && { transport: 'udp6' as const }),
  });
  try {
    return await new Promise<unknown>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(new DeviceError('transient', 'no answer in time')), { once: true });
      session.on('error', (error: unknown) => reject(asDeviceError(error)));
      request(session, (error, varbinds = []) => {
        const [first] = varbinds;
        if (error) reject(asDeviceError(error));
        else if (!first || snmp.isVarbindError(first as never))
          reject(new DeviceError('refused', first ? snmp.varbindError(first as never) : 'an empty answer'));
        else resolve(Buffer.isBuffer(first.value) ? Number(first.value.toString()) : first.value);
      });
    });
  } finally {
    session.close();
  }
}

function asDeviceError(error: unknown): DeviceError {
  const { message, name } = error instanceof Error ? error : new Error(String(error));
  if (name === 'RequestTimedOutError')
    return new DeviceError('transient', 'no answer: it is away, or the community is wrong');
  if (/authorizationError|noAccess/i.test(message)) return new DeviceError('auth', message);
  return new DeviceError(name === 'RequestFailedError' ? 'refused' : 'transient', message);
}
