import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { median } from '../lib/statistics.ts';

export interface Cost {
  readonly wallMs: number;
  /** User and system time of the command and all it waited for. */
  readonly cpuMs: number;
}

/** Runs a command to its end, its output thrown away. @throws Error when it fails */
export function costOf(argv: readonly string[], env: NodeJS.ProcessEnv): Cost {
  const script = `TIMEFORMAT='%U %S'; exec 3>&2; { time "$@" </dev/null >/dev/null 2>&3; } 2>&1`;
  const startedAt = performance.now();
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', ...argv], { env, encoding: 'utf8' });
  const wallMs = performance.now() - startedAt;
  if (status !== 0) throw new Error(`${argv.slice(0, 6).join(' ')} … ended with ${status}: ${stderr.slice(0, 500)}`);
  const [user = 0, system = 0] = stdout.trim().split(' ').map(Number);
  return { wallMs, cpuMs: (user + system) * 1000 };
}

/** Runs each of them once a round, so a burst of other work meets all; gives the medians. */
export function interleave<Name extends string>(
  contenders: Readonly<Record<Name, () => Cost>>,
  rounds: number,
): Record<Name, Cost> {
  const names = Object.keys(contenders) as Name[];
  const costs = Object.fromEntries(names.map((name) => [name, [] as Cost[]])) as Record<Name, Cost[]>;
  for (let round = 0; round < rounds; round++) for (const name of names) costs[name].push(contenders[name]());
  return Object.fromEntries(
    names.map((name) => [
      name,
      { wallMs: median(costs[name].map((c) => c.wallMs)), cpuMs: median(costs[name].map((c) => c.cpuMs)) },
    ]),
  ) as Record<Name, Cost>;
}

export function isInstalled(program: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
