import { execLogged } from '../exec-logged.ts';
import type { HostStep } from '../host-step.ts';

/** Processes that want to run, per processor, from which on a measurement tells little. */
const maxPerCpu = 4;

/** Says so when a host is busy with something that is not ours: what was started before may still run. */
export const load: HostStep = {
  name: 'load',
  run: async (host) => {
    const result = await execLogged(host, 'cat /proc/loadavg; nproc 2>/dev/null || grep -c ^processor /proc/cpuinfo', {
      timeout: 30_000,
    });
    const [line = '', cpus = ''] = result.stdout.split('\n');
    const average = Number(line.split(' ')[0]);
    const perCpu = average / Math.max(1, Number(cpus) || 1);
    if (!Number.isFinite(average)) return { outcome: 'skip', reason: 'the host does not tell its load' };
    if (perCpu <= maxPerCpu) return { outcome: 'pass', reason: `load ${average} on ${cpus.trim()} processors` };
    return { outcome: 'warn', reason: `load ${average} on ${cpus.trim()} processors: something else keeps it busy` };
  },
};
