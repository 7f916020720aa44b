import { connect, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import type { PowerTarget } from '@autotest/core';
import { DeviceError, type PowerDevice, type PowerTry } from './power-device.ts';

type Ask = (command: string, args?: Readonly<Record<string, unknown>>) => Promise<unknown>;

/** A message of QEMU's monitor: greeting, answer or event. */
interface Message {
  readonly QMP?: unknown;
  readonly return?: unknown;
  readonly error?: { readonly class?: string; readonly desc?: string };
  readonly event?: string;
}

/**
 * A virtual machine of QEMU through its monitor socket (QMP). `off` holds the machine: paused at its reset, with its memory lost, as one without power; a process that
 * was ended could not be switched on again. A machine that holds in a panic or a shutdown is reset by `on` as well.
 */
export function makeQmp({ path }: Extract<PowerTarget, { kind: 'qmp' }>): PowerDevice {
  return {
    send: (order, call) =>
      withMonitor(path, call, async (ask) => {
        if (order === 'off' || order === 'cycle') {
          await ask('stop');
          await ask('system_reset');
        }
        if (order === 'on') {
          const state = await runState(ask);
          if (state !== 'running' && state !== 'paused' && state !== 'prelaunch') await ask('system_reset');
        }
        if (order === 'on' || order === 'cycle') await ask('cont');
        if (order === 'reset') {
          await ask('system_reset');
          if ((await runState(ask)) !== 'running') await ask('cont');
        }
        if (order === 'nmi') await ask('inject-nmi');
      }),
    status: (call) =>
      withMonitor(path, call, async (ask) => {
        const state = await runState(ask);
        if (['running', 'debug', 'suspended', 'watchdog', 'guest-panicked', 'io-error'].includes(state)) return 'on';
        return ['paused', 'prelaunch', 'shutdown'].includes(state) ? 'off' : 'unknown';
      }),
  };
}

async function runState(ask: Ask): Promise<string> {
  const answer = await ask('query-status');
  const state = (answer as { status?: unknown } | null)?.status;
  return typeof state === 'string' ? state : '';
}

async function withMonitor<T>(path: string, { signal }: PowerTry, fn: (ask: Ask) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  const socket = connect(path);
  const onAbort = (): void => void socket.destroy(new Error('no answer in time'));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await speak(socket, fn);
  } finally {
    signal.removeEventListener('abort', onAbort);
    socket.destroy();
  }
}

/** Greeting, capabilities, then one command after another; events in between are passed over. */
async function speak<T>(socket: Socket, fn: (ask: Ask) => Promise<T>): Promise<T> {
  let waiting = Promise.withResolvers<Message>();
  const fail = (why: string): void => waiting.reject(new DeviceError('transient', why));
  // Whoever waits sees it; where nobody does it is nobody's.
  waiting.promise.catch(() => {});
  socket.on('error', (error) => fail(error.message));
  socket.on('close', () => fail('the monitor closed the connection'));
  const lines = createInterface({ input: socket });
  // It hands on the errors of its input, which are dealt with above.
  lines.on('error', () => {});
  lines.on('line', (line) => {
    const message = parse(line);
    if (message && message.event === undefined) waiting.resolve(message);
  });
  const next = async (): Promise<Message> => {
    const message = await waiting.promise;
    if (message.error) throw new DeviceError('refused', message.error.desc ?? 'it refuses the command');
    return message;
  };
  const ask: Ask = async (command, args) => {
    waiting = Promise.withResolvers<Message>();
    waiting.promise.catch(() => {});
    if (socket.destroyed) fail('the monitor closed the connection');
    socket.write(`${JSON.stringify({ execute: command, ...(args && { arguments: args }) })}\n`);
    return (await next()).return;
  };
  await next();
  await ask('qmp_capabilities');
  return fn(ask);
}

function parse(line: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
