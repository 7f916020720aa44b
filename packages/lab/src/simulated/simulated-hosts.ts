import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import ssh2 from 'ssh2';
import { LabError } from '../errors.ts';
import { makeKey } from '../keys.ts';
import { emulatedShell } from './emulated-shell.ts';
import { realShell } from './real-shell.ts';
import { SimulatedHost } from './simulated-host.ts';

export interface SimulatedOptions {
  /** At most 60,000. Each takes a file descriptor. */
  readonly count: number;
  /**
   * emulated  a few commands, without processes: for thousands
   * shell     /bin/sh of this machine, as this user, with a HOME for each host
   *
   * @default 'emulated'
   */
  readonly mode?: 'emulated' | 'shell';
  /** For the key and the homes; made if missing. @default a temporary one, deleted at the end */
  readonly dir?: string;
  /** @default 2200 */
  readonly port?: number;
}

export interface SimulatedHosts {
  readonly hosts: readonly SimulatedHost[];
  readonly keyFile: string;
  close(): Promise<void>;
}

const perNet = 60_000;
/** Second bytes of addresses in 127.0.0.0/8, each for one lab. */
const nets = Array.from({ length: 64 }, (_, n) => 64 + n);

/** Starts SSH servers in this process, on addresses of 127.0.0.0/8; needs no root. @throws LabError */
export async function startSimulatedHosts(options: SimulatedOptions): Promise<SimulatedHosts> {
  const { count, mode = 'emulated', port = 2200 } = options;
  if (!Number.isInteger(count) || count < 1 || count > perNet)
    throw new LabError(`${count} simulated hosts cannot be made: write a number from 1 to ${perNet}.`);
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'autotest-lab-'));
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const keyFile = join(dir, 'id_ed25519');
  if (!existsSync(keyFile)) makeKey(keyFile, 'autotest-lab');
  const userKey = parsePublicKey(`${keyFile}.pub`);
  const run = mode === 'emulated' ? emulatedShell : realShell(join(dir, 'homes'));
  const make = (net: number, index: number): SimulatedHost =>
    new SimulatedHost({
      name: `sim-${index + 1}`,
      address: `127.${net}.${Math.floor(index / 250) + 1}.${(index % 250) + 1}`,
      port,
      keyFile,
      userKey,
      run,
    });
  const hosts: SimulatedHost[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(hosts.map((host) => host.close()));
    if (options.dir === undefined) rmSync(dir, { recursive: true, force: true });
  };
  try {
    const net = await freeNet((candidate) => make(candidate, 0), hosts);
    for (let index = 1; index < count; index++) {
      const host = make(net, index);
      hosts.push(host);
      await host.listen();
    }
  } catch (error) {
    await close();
    throw error;
  }
  return { hosts, keyFile, close };
}

/** Other labs have theirs: the first one whose first address is free. */
async function freeNet(makeFirst: (net: number) => SimulatedHost, hosts: SimulatedHost[]): Promise<number> {
  let failure: unknown;
  for (const net of nets) {
    const first = makeFirst(net);
    try {
      await first.listen();
      hosts.push(first);
      return net;
    } catch (error) {
      failure = error;
    }
  }
  throw failure;
}

function parsePublicKey(file: string): Buffer {
  const key = ssh2.utils.parseKey(readFileSync(file));
  if (key instanceof Error)
    throw new LabError(`${file} is no public key. Delete it, and a new one is made.`, { cause: key });
  return key.getPublicSSH();
}
