import { installBases, localBase } from '../../session/host-paths.ts';
import { probeHost } from '../../session/probe.ts';
import { quoteWord } from '../../hosts/quote.ts';
import { execLogged } from '../exec-logged.ts';
import type { StepHost } from '../host-step.ts';
import { isOutOfReach, keepsUsOut, type RepairRung } from './rung.ts';

/** Clears what can be brought again: programs, bundles and caches in our own directory. Nothing of anybody else's is touched. */
export const freeDisk: RepairRung = {
  name: 'free disk',
  reach: 'filesystem',
  cannotHelp: (problem) => {
    if (isOutOfReach(problem) || keepsUsOut(problem)) return 'the host cannot be worked on';
    return ['disk space', 'base directory', 'boot id'].includes(problem.step)
      ? undefined
      : 'disk space is not the problem';
  },
  run: async (host) => {
    const { connection, spec, context } = host;
    const transport = await connection.connect();
    const base =
      spec.transport === 'local'
        ? localBase()
        : (await probeHost(transport, spec.name, installBases(spec, context.spec.resultsDir))).base;
    const before = await freeBytes(host, base);
    if (before >= context.settings.minFreeBytes) return { outcome: 'skip', reason: 'there is enough free space' };
    await execLogged(host, `cd ${quoteWord(base)} && rm -rf bundles/* cache/* runtime/* client/*`, {
      timeout: 300_000,
    });
    return { outcome: 'pass', reason: `freed ${Math.max(0, (await freeBytes(host, base)) - before)} bytes` };
  },
};

async function freeBytes(host: StepHost, path: string): Promise<number> {
  const result = await execLogged(host, `df -Pk ${quoteWord(path)} | awk 'NR==2{print $4}'`, { timeout: 30_000 });
  return Number(result.stdout.trim()) * 1024;
}
