import { readFileSync } from 'node:fs';
import { hostNamePattern, type HostSpec } from '@autotest/core';
import { UsageError } from '../errors.ts';
import { inTmpDir } from '../session/host-paths.ts';
import { portOf, type StandaloneOptions } from './options.ts';

export interface MachineForm {
  readonly name: string;
  readonly local: boolean;
  readonly user?: string;
  readonly port?: number;
}

/** Word for this machine in the place of a host. */
export const localMachine = 'local';

/** Reads `name`, `user@name`, `name:port`, `user@name:port`, `[v6]:port` or `local`. @throws UsageError */
export function parseMachine(text: string): MachineForm {
  if (/\s/.test(text))
    throw new UsageError(`There is a blank in the host ${JSON.stringify(text)}; separate hosts by commas.`);
  const match =
    /^(?:([^@\s]+)@)?(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+|[0-9a-fA-F]*:[0-9a-fA-F:.]*:[0-9a-fA-F:.]*))(?::(\d+))?$/.exec(
      text,
    );
  const name = match?.[2] ?? match?.[3] ?? '';
  const isAddress = match?.[2] !== undefined || name.includes(':');
  if (match?.[1]?.includes(':'))
    throw new UsageError(
      `Passwords are not taken in host names; let ${name} accept a key of yours, and write user@name.`,
    );
  if (!match || (!isAddress && !hostNamePattern.test(name)) || match[1]?.startsWith('-')) {
    throw new UsageError(`${JSON.stringify(text)} names no host; write name, user@name, name:port or user@name:port.`);
  }
  return {
    name,
    local: text === localMachine,
    ...(match[1] !== undefined && { user: match[1] }),
    ...(match[4] !== undefined && { port: portOf(match[4]) }),
  };
}

/** Hosts of `-m` and `-M`, each once, sorted by name. @throws UsageError */
export function readMachines(options: Pick<StandaloneOptions, 'machines' | 'machinesFile'>): MachineForm[] {
  const texts = options.machines.flatMap((list) => list.split(',')).map((text) => text.trim());
  if (options.machinesFile !== undefined) texts.push(...readList(options.machinesFile));
  const byText = new Map(texts.filter((text) => text !== '').map((text) => [text, parseMachine(text)]));
  const machines = [...byText.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  const names = machines.map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new UsageError(`The host ${twice} is named twice in different forms.`);
  return machines;
}

function readList(file: string): string[] {
  try {
    const lines = readFileSync(file, 'utf8').split('\n');
    return lines.map((line) => line.replace(/#.*/, '').trim());
  } catch (error) {
    throw new UsageError(
      `The list of hosts ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}

/** A machine as autoserv reaches it. @param hostKeys pinned for it by the user's known_hosts */
export function toHostSpec(
  machine: MachineForm,
  options: Pick<StandaloneOptions, 'sshPort' | 'sshUser' | 'sshKey' | 'protection'> &
    Partial<Pick<StandaloneOptions, 'installInTmpDir'>>,
  hostKeys: readonly string[],
): HostSpec {
  return {
    name: machine.name,
    transport: machine.local ? 'local' : 'ssh',
    address: machine.local ? 'localhost' : machine.name,
    port: machine.port ?? options.sshPort,
    user: machine.user ?? options.sshUser,
    ...(options.sshKey !== undefined && { keyFile: options.sshKey }),
    hostKeys,
    labels: [],
    attributes: options.installInTmpDir ? { 'install-dir': inTmpDir } : {},
    protection: options.protection,
  };
}
