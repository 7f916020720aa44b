import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../errors.ts';
import type { KernelMachineOptions } from '../machine-options.ts';
import { runProgram } from '../programs.ts';
import { seedBytes } from './guest-files.ts';

type SeedOptions = Pick<KernelMachineOptions, 'name' | 'stateDir' | 'network' | 'authorizedKeys' | 'hostKey'>;

/**
 * Writes a machine's seed anew: what makes it that machine, as a tar archive with a fixed size. Gives the file's path.
 * @throws LabError where the keys are too many
 */
export async function writeSeed(options: SeedOptions): Promise<string> {
  const { stateDir, name, network } = options;
  const tree = join(stateDir, 'seed');
  const file = join(stateDir, 'seed.img');
  const machine = `NAME=${name}\nADDRESS=${network.address}/${network.prefixLength}\nMAC=${network.macAddress}\nGATEWAY=${network.gateway ?? ''}\n`;
  rmSync(tree, { recursive: true, force: true });
  for (const [path, content, mode] of [
    ['etc/lab/machine', machine, 0o644],
    ['etc/lab/entropy', randomBytes(64), 0o600],
    ['etc/hostname', `${name}\n`, 0o644],
    ['etc/ssh/ssh_host_ed25519_key', `${options.hostKey.trimEnd()}\n`, 0o600],
    ['root/.ssh/authorized_keys', `${options.authorizedKeys.trimEnd()}\n`, 0o600],
  ] as const) {
    const directory = join(tree, path, '..');
    mkdirSync(directory, { recursive: true, mode: path.startsWith('root/') ? 0o700 : 0o755 });
    writeFileSync(join(tree, path), content, { mode });
  }
  const files = ['etc/lab', 'etc/hostname', 'etc/ssh/ssh_host_ed25519_key', 'root/.ssh'];
  await runProgram(['tar', '-c', '-b', '1', '--owner=0', '--group=0', '-C', tree, '-f', file, ...files], {
    timeoutMs: 10_000,
  });
  rmSync(tree, { recursive: true, force: true });
  const archive = readFileSync(file);
  if (archive.byteLength > seedBytes)
    throw new LabError(`The keys of machine ${name} are too many for its seed (${seedBytes} bytes). Let fewer in.`);
  writeFileSync(file, Buffer.concat([archive, Buffer.alloc(seedBytes - archive.byteLength)]), { mode: 0o600 });
  return file;
}
