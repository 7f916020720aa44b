import { parseArgs } from 'node:util';
import { parseDuration, protections, type Protection } from '@autotest/core';
import { UsageError } from '../errors.ts';

/** The command line, checked. */
export interface StandaloneOptions {
  readonly help: boolean;
  readonly action: 'job' | 'verify' | 'repair' | 'cleanup' | 'gather';
  readonly machines: readonly string[];
  readonly machinesFile?: string;
  readonly control?: string;
  /** `name=value`, for the parameters of the control file. */
  readonly params: readonly string[];
  /** Given by -c or -s. */
  readonly type?: 'client' | 'server';
  readonly resultsDir?: string;
  readonly useExistingResults: boolean;
  readonly label?: string;
  readonly user: string;
  readonly group?: string;
  readonly cleanupAfter: boolean;
  readonly quiet: boolean;
  readonly installInTmpDir: boolean;
  readonly sshUser: string;
  readonly sshPort: number;
  readonly sshKey?: string;
  readonly protection: Protection;
  readonly timeoutMs?: number;
  readonly clientFile?: string;
}

export const usage = `Usage: autoserv [options] control.ts [name=value …]
       autoserv -v|-R|-C -m HOST[,HOST…]
       autoserv exec -m HOST[,HOST…] -- COMMAND …   (autoserv exec --help)

Runs a control file on hosts, or looks after the hosts, without any server.

Machines
  -m, --machines LIST         hosts: name, user@name, name:port, user@name:port, or "local" for this machine
  -M, --machines-file FILE    one host a line; # begins a comment
      --ssh-user USER         for hosts that name no user (default: root)
      --ssh-port PORT         for hosts that name no port (default: 22)
      --ssh-key FILE          private key (default: the agent, then ~/.ssh/id_*)
      --host-protection LEVEL none, repairSoftwareOnly, repairFilesystemOnly, doNotRepair, doNotVerify
      --install-in-tmpdir     install the client on the hosts in a temporary directory, which is deleted at the end
What to do
  -c, --client                the control file must be a client control file: it runs on each host
  -s, --server                the control file must be a server control file: it runs here
  -v, --verify                only verify the hosts
  -R, --repair                only repair the hosts
  -C, --cleanup               clean the hosts after the job, or only clean them when there is no control file
      --collect-crashinfo     only collect what an earlier, killed run left behind (with -r)
  -a, --args "NAME=VALUE …"   more parameters
      --timeout DURATION      end the job after so long: "2 hours", "90 s"
Results
  -r, --results DIR           results directory (default: results.<date>)
      --use-existing-results  the directory is there already; what is in it moves to previous.<n>/
  -l, --label TEXT            name of the job in its records
  -u, --user USER             owner of the job in its records (default: $USER)
  -G, --group NAME            name of the group of hosts (two or more)
  -n, --no-tee                print only the verdict
  -h, --help

Exit codes: 0 passed · 1 a test failed · 2 host or infrastructure · 3 aborted or timed out · 4 everything was skipped · 64 usage`;

const optionTypes = {
  help: { type: 'boolean', short: 'h' },
  machines: { type: 'string', short: 'm', multiple: true },
  'machines-file': { type: 'string', short: 'M' },
  client: { type: 'boolean', short: 'c' },
  server: { type: 'boolean', short: 's' },
  results: { type: 'string', short: 'r' },
  'use-existing-results': { type: 'boolean' },
  label: { type: 'string', short: 'l' },
  user: { type: 'string', short: 'u' },
  group: { type: 'string', short: 'G' },
  verify: { type: 'boolean', short: 'v' },
  repair: { type: 'boolean', short: 'R' },
  cleanup: { type: 'boolean', short: 'C' },
  'collect-crashinfo': { type: 'boolean' },
  'no-tee': { type: 'boolean', short: 'n' },
  'ssh-user': { type: 'string' },
  'ssh-port': { type: 'string' },
  'ssh-key': { type: 'string' },
  'host-protection': { type: 'string' },
  args: { type: 'string', short: 'a' },
  timeout: { type: 'string' },
  'client-file': { type: 'string' },
  'install-in-tmpdir': { type: 'boolean' },
} as const;

/** Reads the command line. @throws UsageError */
export function parseOptions(argv: readonly string[], env: NodeJS.ProcessEnv): StandaloneOptions {
  const { values, positionals } = parse(argv);
  const only = (
    [
      ['verify', 'verify'],
      ['repair', 'repair'],
      ['collect-crashinfo', 'gather'],
    ] as const
  ).filter(([name]) => values[name]);
  if (only.length > 1) throw new UsageError(`--${only[0]?.[0]} and --${only[1]?.[0]} do not go together.`);
  if (values.client && values.server)
    throw new UsageError('-c and -s do not go together: a control file is one or the other.');
  const [control, ...rest] = positionals;
  const action = only[0]?.[1] ?? (control === undefined && values.cleanup ? 'cleanup' : 'job');
  if (action === 'job' && control === undefined && !values.help)
    throw new UsageError('Name a control file, or what to do with the hosts: -v, -R or -C.');
  return {
    help: values.help ?? false,
    action,
    machines: values.machines ?? [],
    ...(values['machines-file'] !== undefined && { machinesFile: values['machines-file'] }),
    ...(action === 'job' && control !== undefined && { control }),
    params: [...rest, ...(values.args ?? '').split(/\s+/).filter(Boolean)],
    ...((values.client || values.server) && { type: values.client ? ('client' as const) : ('server' as const) }),
    ...(values.results !== undefined && { resultsDir: values.results }),
    useExistingResults: values['use-existing-results'] ?? false,
    ...(values.label !== undefined && { label: values.label }),
    user: values.user ?? env.USER ?? 'nobody',
    ...(values.group !== undefined && { group: values.group }),
    cleanupAfter: (values.cleanup ?? false) && action === 'job',
    quiet: values['no-tee'] ?? false,
    installInTmpDir: values['install-in-tmpdir'] ?? false,
    sshUser: values['ssh-user'] ?? 'root',
    sshPort: portOf(values['ssh-port'] ?? '22'),
    ...(values['ssh-key'] !== undefined && { sshKey: values['ssh-key'] }),
    protection: protectionOf(values['host-protection'] ?? 'none'),
    ...(values.timeout !== undefined && { timeoutMs: parseDuration(values.timeout) }),
    ...(values['client-file'] !== undefined && { clientFile: values['client-file'] }),
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: optionTypes, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

export function portOf(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port;
  throw new UsageError(`${JSON.stringify(text)} is no port; a port is a number from 1 to 65535.`);
}

/** The project's names, and the original's (`REPAIR_SOFTWARE_ONLY`, `NO_PROTECTION`). */
function protectionOf(text: string): Protection {
  const wanted = text.replaceAll(/[_-]/g, '').toLowerCase();
  const found = protections.find((name) => name.toLowerCase() === (wanted === 'noprotection' ? 'none' : wanted));
  if (found) return found;
  throw new UsageError(`${JSON.stringify(text)} is no protection level; there are ${protections.join(', ')}.`);
}
