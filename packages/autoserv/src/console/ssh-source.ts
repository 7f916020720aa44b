import type { ConsoleTarget, HostSpec } from '@autotest/core';
import { SshTransport } from '../hosts/ssh/ssh-transport.ts';
import { readSecret } from '../power/secret-file.ts';
import type { ConsoleStream, SourceOptions } from './console-source.ts';

const connectTimeoutMs = 20_000;
/** Keys that console servers without a pinned one showed first: from then on these and no others. */
const seenKeys = new Map<string, string>();

/** A command on a console server, over SSH: its input and output are the console. @throws HostUnreachableError, HostAuthError, HostKeyMismatchError, DriverFileError */
export async function openSshConsole(
  target: Extract<ConsoleTarget, { kind: 'ssh' }>,
  { host, env }: SourceOptions,
  signal: AbortSignal,
): Promise<ConsoleStream> {
  const { address, port, user, command, keyFile, hostKey } = target;
  const place = `${address}:${port}`;
  const spec: HostSpec = {
    name: `console server of ${host}`,
    transport: 'ssh',
    address,
    port,
    user,
    ...(keyFile !== undefined && { keyFile: readSecret(keyFile, env).path }),
    hostKeys: [],
    labels: [],
    attributes: {},
    protection: 'doNotRepair',
  };
  const pinned = hostKey ?? seenKeys.get(place);
  signal.throwIfAborted();
  const transport = await SshTransport.connect(spec, {
    connectTimeoutMs,
    hostKeys: pinned === undefined ? [] : [pinned],
    env,
    onNewHostKey: (key) => void seenKeys.set(place, key),
    onHostKeys: () => {},
    onNote: () => {},
  });
  const close = (): void => void transport.close().catch(() => {});
  try {
    const process = await transport.spawn(command, { group: false });
    process.stderr.resume();
    process.stdin.on('error', () => {});
    const ended = process.ended.then(
      ({ exitCode, signal: by }) => `the command on the console server ended (${by ?? `exit code ${exitCode}`})`,
      (error: unknown) => (error instanceof Error ? error.message : String(error)),
    );
    return { output: process.stdout, input: process.stdin, ended, close };
  } catch (error) {
    close();
    throw error;
  }
}
