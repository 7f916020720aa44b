import { formatDuration } from '@autotest/core';
import { HostUnfitError } from '../errors.ts';
import type { ExecutionContext } from '../execution/context.ts';
import { localBase } from '../session/host-paths.ts';
import { probeHost, type HostProbe } from '../session/probe.ts';
import { runHostSteps, type HostStep, type StepHost } from './steps.ts';

/** Checks that the hosts are fit for a job. @throws what makes one unfit */
export async function verify(context: ExecutionContext): Promise<void> {
  for (const host of context.spec.hosts)
    context.recorder.append({ kind: 'phase', phase: 'verifying', host: host.name });
  await runHostSteps(context, 'verify', verifySteps());
}

export function verifySteps(): HostStep[] {
  let probes = new Map<string, HostProbe>();
  const probed = async ({ spec, connection }: StepHost): Promise<HostProbe> => {
    const probe = probes.get(spec.name) ?? (await probeHost(await connection.connect(), spec.name));
    probes = probes.set(spec.name, probe);
    return probe;
  };
  return [
    { name: 'connectivity', run: async ({ connection }) => void (await connection.connect()) },
    {
      name: 'boot id',
      run: async (host) => {
        const { bootId, kernel, arch } = await probed(host);
        host.context.recorder.append({ kind: 'keyval', values: { kernel, arch, boot_id: bootId } });
        return bootId === ''
          ? {
              outcome: 'warn',
              reason: 'the host does not tell its boot id: reboots cannot be told from lost connections',
            }
          : { outcome: 'pass' };
      },
    },
    {
      name: 'clock',
      run: async (host) =>
        clockResult((await probed(host)).clock * 1000 - Date.now(), host.context.settings.maxClockSkewMs),
    },
    {
      name: 'base directory',
      run: async (host) => ({
        outcome: 'pass',
        reason: host.spec.transport === 'local' ? localBase() : (await probed(host)).base,
      }),
    },
    {
      name: 'disk space',
      run: async (host) => {
        const { freeBytes, base } = await probed(host);
        const { minFreeBytes } = host.context.settings;
        if (freeBytes >= minFreeBytes) return { outcome: 'pass', reason: `${megabytes(freeBytes)} free` };
        throw new HostUnfitError(
          host.spec.name,
          `only ${megabytes(freeBytes)} are free in ${base}, ${megabytes(minFreeBytes)} are needed`,
          'Free disk space on it.',
        );
      },
    },
    {
      name: 'tools',
      run: async ({ connection, spec }) => {
        const tools = ['sh', 'cat', 'mkdir', 'mv', 'sha256sum', 'kill'];
        const result = await connection.exec(
          `for t in ${tools.join(' ')}; do command -v $t >/dev/null || echo $t; done`,
          { timeout: 30_000 },
        );
        const missing = result.stdout.trim().split('\n').filter(Boolean);
        if (missing.length > 0)
          throw new HostUnfitError(spec.name, `it lacks ${missing.join(', ')}`, 'Install coreutils or busybox on it.');
      },
    },
  ];
}

function clockResult(skewMs: number, maxSkewMs: number): { outcome: 'pass' | 'warn'; reason?: string } {
  if (Math.abs(skewMs) <= maxSkewMs) return { outcome: 'pass' };
  return {
    outcome: 'warn',
    reason: `the host's clock is ${formatDuration(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead' : 'behind'}; set it by NTP`,
  };
}

function megabytes(bytes: number): string {
  return `${Math.floor(bytes / 1024 / 1024)} MiB`;
}
