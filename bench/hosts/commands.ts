import { fileURLToPath } from 'node:url';
import { inFreshProcess } from '../lib/fresh-process.ts';
import { report } from '../lib/report.ts';
import { quantile } from '../lib/statistics.ts';
import type { Farm } from './farm.ts';
import { costOf, interleave, isInstalled, type Cost } from './measure.ts';

const bench = 'hosts';
const worker = fileURLToPath(new URL('worker.ts', import.meta.url));
const autoserv = fileURLToPath(new URL('../../packages/autoserv/dist/autoserv.mjs', import.meta.url));

/** Runs a task of ours in a fresh process. */
export function ours(task: string, input: object): Record<string, number> {
  return inFreshProcess(worker, [task, JSON.stringify(input)]);
}

function oursCost(task: string, input: object): Cost {
  const { wallMs = Number.NaN, cpuMs = Number.NaN } = ours(task, input);
  return { wallMs, cpuMs };
}

/** G1: `true` on every host, whole processes, each peer as installed and with curve25519. */
export function trueOnHosts(farm: Farm, count: number, rounds: number): void {
  const exec = (): Cost =>
    costOf(
      [
        process.execPath,
        autoserv,
        'exec',
        '-M',
        farm.list(count),
        '--parallel',
        '32',
        '--ssh-port',
        String(farm.port),
        '--ssh-key',
        `${farm.directory}/user_key`,
        '--',
        'true',
      ],
      farm.env,
    );
  exec();
  const list = farm.list(count);
  const contenders: Record<string, () => Cost> = { autotest: exec };
  for (const kind of ['tuned', 'stock'] as const) {
    const config = farm[kind];
    const add = (program: string, argv: readonly string[], env: NodeJS.ProcessEnv = {}): void => {
      if (isInstalled(argv[0] ?? '')) contenders[`${program}, ${kind}`] = () => costOf(argv, { ...farm.env, ...env });
    };
    add('xargs ssh', ['xargs', '-a', list, '-P', '16', '-I', '{}', 'ssh', '-n', '-F', config, '{}', 'true']);
    add('pdsh', ['pdsh', '-R', 'ssh', '-f', '16', '-w', `^${list}`, 'true'], { PDSH_SSH_ARGS_APPEND: `-F ${config}` });
    add('clush', ['clush', '-f', '16', '-o', `-F ${config}`, '--hostfile', list, 'true']);
    add('pssh', ['parallel-ssh', '-p', '16', '-h', list, '-x', `-F ${config}`, 'true']);
    add('ansible raw', ['ansible', 'all', '-i', list, '-f', '50', '-m', 'raw', '-a', 'true'], {
      ANSIBLE_SSH_ARGS: `-F ${config}`,
    });
  }
  const costs = interleave(contenders, rounds);
  const mine = costs.autotest ?? { wallMs: Number.NaN, cpuMs: Number.NaN };
  for (const [name, cost] of Object.entries(costs)) {
    if (name === 'autotest') continue;
    const isBest = name === bestOf(costs, 'tuned') || name === bestOf(costs, 'stock');
    const share = name.endsWith('tuned') ? 0.9 : 0.3;
    const row = { bench, unit: 'ms', baseline: name };
    report(
      {
        ...row,
        case: `true on ${count} hosts`,
        value: mine.wallMs,
        baselineValue: cost.wallMs,
        ...(isBest && { target: share * cost.wallMs }),
      },
      { lowerIsBetter: true },
    );
    report(
      {
        ...row,
        case: `true on ${count} hosts, client CPU a host`,
        value: mine.cpuMs / count,
        baselineValue: cost.cpuMs / count,
        ...(name === 'pdsh, tuned' && { target: (0.4 * cost.cpuMs) / count }),
      },
      { lowerIsBetter: true },
    );
  }
}

/** The faster of xargs and pdsh. */
function bestOf(costs: Readonly<Record<string, Cost>>, kind: string): string | undefined {
  return ['xargs ssh', 'pdsh']
    .map((program) => `${program}, ${kind}`)
    .filter((name) => costs[name])
    .sort((a, b) => (costs[a]?.wallMs ?? 0) - (costs[b]?.wallMs ?? 0))[0];
}

/** G2: commands one after another on each of many hosts, connecting included. */
export function commandsOnHosts(farm: Farm, count: number, commands: number, rounds: number): void {
  const masters = (parallel: number): Cost => {
    const ssh = `ssh -F ${farm.tuned} -o ControlPath=${farm.directory}/cm-%h`;
    const each = (line: string, at: number): string[] => [
      'xargs',
      '-a',
      farm.list(count),
      '-P',
      `${at}`,
      '-I',
      '{}',
      'sh',
      '-c',
      line,
    ];
    try {
      const up = costOf(each(`${ssh} -MNf -o ControlPersist=60 {}`, 16), farm.env);
      const run = costOf(
        each(`n=0; while [ $n -lt ${commands} ]; do ${ssh} -n {} true || exit 255; n=$((n+1)); done`, parallel),
        farm.env,
      );
      return { wallMs: up.wallMs + run.wallMs, cpuMs: up.cpuMs + run.cpuMs };
    } finally {
      costOf(each(`${ssh} -O exit {} || :`, 16), farm.env);
    }
  };
  const costs = interleave(
    {
      autotest: () => oursCost('commands', { hosts: farm.specs(count), commands }),
      'ControlMaster, 4 at once': () => masters(4),
      'ControlMaster, 16 at once': () => masters(16),
    },
    rounds,
  );
  const best = Math.min(costs['ControlMaster, 4 at once'].wallMs, costs['ControlMaster, 16 at once'].wallMs);
  report(
    {
      bench,
      case: `${commands} commands on ${count} hosts`,
      value: costs.autotest.wallMs,
      unit: 'ms',
      baseline: 'ControlMaster, the best of 4 and 16 at once',
      baselineValue: best,
      target: 0.5 * best,
    },
    { lowerIsBetter: true },
  );
}

/** G2b: one command after another on a connection that is open. */
export function sequentialCommand(farm: Farm, commands: number): void {
  const { p50 = Number.NaN } = ours('latency', { hosts: farm.specs(1), commands });
  const ssh = ['ssh', '-F', farm.tuned, '-o', `ControlPath=${farm.directory}/cm-one`];
  costOf([...ssh, '-MNf', '-o', 'ControlPersist=60', '127.0.1.1'], farm.env);
  try {
    const times = Array.from({ length: commands }, () => costOf([...ssh, '-n', '127.0.1.1', 'true'], farm.env).wallMs);
    // What starting bash around it costs is not ssh's.
    const shell = quantile(
      Array.from({ length: 20 }, () => costOf(['true'], farm.env).wallMs),
      0.5,
    );
    const peer = quantile(times, 0.5) - shell;
    report(
      {
        bench,
        case: 'a command on an open connection, p50',
        value: p50,
        unit: 'ms',
        baseline: 'ControlMaster',
        baselineValue: peer,
        target: 0.35 * peer,
      },
      { lowerIsBetter: true },
    );
  } finally {
    costOf([...ssh, '-O', 'exit', '127.0.1.1'], farm.env);
  }
}
