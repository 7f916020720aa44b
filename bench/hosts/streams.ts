import { closeSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
import { report } from '../lib/report.ts';
import { quantile } from '../lib/statistics.ts';
import { ours } from './commands.ts';
import type { Farm } from './farm.ts';
import { costOf, interleave, isInstalled, type Cost } from './measure.ts';

const bench = 'hosts';

/** G3: one file of random bytes up and down. Ours from before the connection until it is verified; the peers' whole processes. */
export function transfers(farm: Farm, megabytes: number, rounds: number): void {
  const from = join(farm.directory, 'random');
  const to = join(farm.directory, 'copy');
  const fd = openSync(from, 'w');
  for (let n = 0; n < megabytes; n++) writeSync(fd, randomBytes(1e6));
  closeSync(fd);
  const remote = (file: string): string => `127.0.1.1:${file}`;
  for (const direction of ['up', 'down'] as const) {
    const fresh = (work: () => Cost) => () => {
      rmSync(to, { force: true });
      return work();
    };
    const [source, target] = direction === 'up' ? [from, remote(to)] : [remote(from), to];
    const contenders: Record<string, () => Cost> = {
      autotest: fresh(() => {
        const { wallMs = 0, cpuMs = 0 } = ours(direction === 'up' ? 'send' : 'get', { hosts: farm.specs(1), from, to });
        return { wallMs, cpuMs };
      }),
    };
    const add = (name: string, argv: readonly string[]): void => {
      if (isInstalled(argv[0] ?? '')) contenders[name] = fresh(() => costOf(argv, farm.env));
    };
    add('scp, tuned', ['scp', '-F', farm.tuned, source, target]);
    add('scp, stock', ['scp', '-F', farm.stock, source, target]);
    add('scp, aes128-gcm', ['scp', '-F', farm.tuned, '-c', 'aes128-gcm@openssh.com', source, target]);
    add('rsync -W', ['rsync', '-W', '-e', `ssh -F ${farm.tuned}`, source, target]);
    const costs = interleave(contenders, rounds);
    for (const [name, cost] of Object.entries(costs)) {
      if (name === 'autotest') continue;
      report(
        {
          bench,
          case: `${megabytes} MB ${direction}`,
          value: costs.autotest?.wallMs ?? Number.NaN,
          unit: 'ms',
          baseline: name,
          baselineValue: cost.wallMs,
          ...(name === 'scp, tuned' && { target: 1.25 * cost.wallMs }),
        },
        { lowerIsBetter: true },
      );
    }
    rmSync(to, { force: true });
  }
  rmSync(from);
}

/** G4: a long log, into strings of one line each. */
export function logLines(farm: Farm, megabytes: number, rounds: number): void {
  const file = join(farm.directory, 'lines');
  const line =
    'a line of a log that is neither short nor long, as most of them are: 0123456789 abcdefghijklmnopqrstuvwxyz 0123456789 abcdefghij 0123456789 xyz\n';
  const block = line.repeat(Math.round(1e6 / line.length));
  const fd = openSync(file, 'w');
  for (let n = 0; n < megabytes; n++) writeSync(fd, block);
  closeSync(fd);
  const reader = join(farm.directory, 'reader.mjs');
  writeFileSync(
    reader,
    `let rest = ''; let count = 0; process.stdin.setEncoding('utf8');
process.stdin.on('data', (text) => { const parts = (rest + text).split('\\n'); rest = parts.pop(); count += parts.length; });\n`,
  );
  const ssh = (config: string): string[] => ['ssh', '-n', '-F', config, '127.0.1.1', 'cat', file];
  const costs = interleave(
    {
      autotest: () => {
        const { wallMs = 0, cpuMs = 0 } = ours('lines', { hosts: farm.specs(1), from: file });
        return { wallMs, cpuMs };
      },
      'ssh cat, stock': () => costOf(ssh(farm.stock), farm.env),
      'ssh cat, tuned, aes128-gcm': () =>
        costOf(['ssh', '-c', 'aes128-gcm@openssh.com', ...ssh(farm.tuned).slice(1)], farm.env),
      'ssh cat | node, stock': () =>
        costOf(['sh', '-c', `"$@" | '${process.execPath}' '${reader}'`, 'sh', ...ssh(farm.stock)], farm.env),
    },
    rounds,
  );
  for (const [name, cost] of Object.entries(costs)) {
    if (name === 'autotest') continue;
    report(
      {
        bench,
        case: `${megabytes} MB of lines`,
        value: costs.autotest.wallMs,
        unit: 'ms',
        baseline: name,
        baselineValue: cost.wallMs,
        ...(name === 'ssh cat, stock' && { target: cost.wallMs }),
      },
      { lowerIsBetter: true },
    );
  }
  rmSync(file);
}

/** From the command that prints a line to the reader that has it. */
export function lineLatency(farm: Farm, lines: number): void {
  const script = join(farm.directory, 'stamps.mjs');
  writeFileSync(
    script,
    `for (let n = 0; n < ${lines}; n++) { console.log(performance.timeOrigin + performance.now()); await new Promise((r) => setTimeout(r, 10)); }\n`,
  );
  const reader = join(farm.directory, 'stamp-reader.mjs');
  writeFileSync(
    reader,
    `const times = []; let rest = ''; process.stdin.setEncoding('utf8');
process.stdin.on('data', (text) => { const now = performance.timeOrigin + performance.now(); const parts = (rest + text).split('\\n'); rest = parts.pop(); for (const part of parts) times.push(now - Number(part)); });
process.stdin.on('end', () => console.log(JSON.stringify(times)));\n`,
  );
  const command = [process.execPath, script];
  const mine = ours('stamps', { hosts: farm.specs(1), command });
  const { stdout } = spawnSync(
    'sh',
    ['-c', `ssh -n -F "$1" 127.0.1.1 '${command.join(' ')}' | "$2" "$3"`, 'sh', farm.tuned, process.execPath, reader],
    { env: farm.env, encoding: 'utf8' },
  );
  const times = JSON.parse(stdout) as number[];
  for (const [name, share] of [
    ['p50', 0.5],
    ['p99', 0.99],
  ] as const)
    report({
      bench,
      case: `a log line to its reader, ${name}`,
      value: mine[name] ?? Number.NaN,
      unit: 'ms',
      baseline: 'ssh pipe',
      baselineValue: quantile(times, share),
    });
}
