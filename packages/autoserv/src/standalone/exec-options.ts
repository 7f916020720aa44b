import { parseArgs } from 'node:util';
import { parseDuration, type Command } from '@autotest/core';
import { UsageError } from '../errors.ts';
import { portOf } from './options.ts';

/** The command line of `exec`, checked. */
export interface ExecCommandOptions {
  readonly help: boolean;
  readonly machines: readonly string[];
  readonly machinesFile?: string;
  readonly command: Command;
  readonly parallel: number;
  readonly timeoutMs: number;
  readonly connectTimeoutMs: number;
  /** Print equal output once, with the hosts it came from. */
  readonly group: boolean;
  readonly sshUser: string;
  readonly sshPort: number;
  readonly sshKey?: string;
}

export const execUsage = `Usage: autotest exec -m HOST[,HOST…] [options] -- COMMAND [ARGUMENT …]

Runs a command on many hosts at once over SSH, without any server.
One word is a line for the host's shell ('ls | wc -l'); several are an argument vector that no shell sees.

  -m, --machines LIST         hosts: name, user@name, name:port, user@name:port, or "local" for this machine
  -M, --machines-file FILE    one host a line; # begins a comment
      --parallel N            hosts at once (default: 32)
      --timeout DURATION      end the command on a host after so long (default: 1 hour)
      --connect-timeout DURATION  give a host up that does not answer (default: 20 s)
  -b, --group                 print equal output once, with the hosts that gave it, at the end
      --ssh-user USER         for hosts that name no user (default: root)
      --ssh-port PORT         for hosts that name no port (default: 22)
      --ssh-key FILE          private key (default: the agent, then ~/.ssh/id_*)
  -h, --help

Exit codes: the highest of the command's · 255 a host could not be reached, or the command was ended by a time-out or a signal · 64 usage`;

const optionTypes = {
  help: { type: 'boolean', short: 'h' },
  machines: { type: 'string', short: 'm', multiple: true },
  'machines-file': { type: 'string', short: 'M' },
  parallel: { type: 'string' },
  timeout: { type: 'string' },
  'connect-timeout': { type: 'string' },
  group: { type: 'boolean', short: 'b' },
  'ssh-user': { type: 'string' },
  'ssh-port': { type: 'string' },
  'ssh-key': { type: 'string' },
} as const;

/** Reads the command line. @throws UsageError, DurationError */
export function parseExecOptions(argv: readonly string[]): ExecCommandOptions {
  const { values, positionals } = parse(argv);
  const [first, ...rest] = positionals;
  if (first === undefined && !values.help) throw new UsageError('Name the command behind --.');
  return {
    help: values.help ?? false,
    machines: values.machines ?? [],
    ...(values['machines-file'] !== undefined && { machinesFile: values['machines-file'] }),
    command: rest.length === 0 ? (first ?? '') : positionals,
    parallel: countOf(values.parallel ?? '32'),
    timeoutMs: parseDuration(values.timeout ?? '1 hour'),
    connectTimeoutMs: parseDuration(values['connect-timeout'] ?? '20 s'),
    group: values.group ?? false,
    sshUser: values['ssh-user'] ?? 'root',
    sshPort: portOf(values['ssh-port'] ?? '22'),
    ...(values['ssh-key'] !== undefined && { sshKey: values['ssh-key'] }),
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: optionTypes, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function countOf(text: string): number {
  const count = Number(text);
  if (/^\d{1,5}$/.test(text) && count >= 1) return count;
  throw new UsageError(`${JSON.stringify(text)} is no number of hosts; write one from 1 to 99999.`);
}
