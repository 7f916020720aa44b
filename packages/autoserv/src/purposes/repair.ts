import { parseDuration, sleep } from '@autotest/core';
import { HostUnfitError } from '../errors.ts';
import type { ExecutionContext } from '../execution/context.ts';
import { quoteWord } from '../hosts/quote.ts';
import { localBase } from '../session/host-paths.ts';
import { probeHost } from '../session/probe.ts';
import { rebootHost } from './reboot.ts';
import { runHostSteps, type HostStep } from './steps.ts';
import { verifySteps } from './verify.ts';

/** How long a host that is down is waited for before anything else is tried; a host's attribute `repair-wait` says otherwise. */
const defaultWait = '2 minutes';

/**
 * Tries what may bring a host back, as far as its protection allows: waits for it, clears our own directory on it, reboots it. Ends with a verify.
 * Nothing outside of our own directory is touched.
 */
export async function repair(context: ExecutionContext): Promise<void> {
  for (const host of context.spec.hosts)
    context.recorder.append({ kind: 'phase', phase: 'repairing', host: host.name });
  await runHostSteps(context, 'repair', repairSteps());
}

/** Steps of a repair, the verify that ends it included. */
export function repairSteps(): HostStep[] {
  return [waitForHost, freeDisk, rebootIfUnfit, ...verifySteps()];
}

const waitForHost: HostStep = {
  name: 'wait for host',
  run: async ({ connection, context }) => {
    await connection.connect({
      withinMs: parseDuration(connection.spec.attributes['repair-wait'] ?? defaultWait),
      signal: context.stopper.signal,
    });
  },
};

const freeDisk: HostStep = {
  name: 'free disk',
  run: async ({ connection, spec, context }) => {
    if (spec.protection === 'doNotRepair') return { outcome: 'skip', reason: 'the host is protected from repair' };
    const base =
      spec.transport === 'local' ? localBase() : (await probeHost(await connection.connect(), spec.name)).base;
    const before = await freeBytes(connection, base);
    if (before >= context.settings.minFreeBytes) return { outcome: 'pass', reason: 'there is enough free space' };
    await connection.exec(`cd ${quoteWord(base)} && rm -rf bundles/* cache/* runtime/* client/*`, { timeout: 300_000 });
    return { outcome: 'pass', reason: `freed ${Math.max(0, (await freeBytes(connection, base)) - before)} bytes` };
  },
};

const rebootIfUnfit: HostStep = {
  name: 'reboot',
  run: async (host) => {
    const { connection, spec, context } = host;
    if (spec.transport !== 'ssh' || spec.protection !== 'none')
      return { outcome: 'skip', reason: 'protection or transport do not allow it' };
    const probe = await probeHost(await connection.connect(), spec.name).catch((error: unknown) => error);
    const unfit = probe instanceof Error || (probe as { freeBytes: number }).freeBytes < context.settings.minFreeBytes;
    if (!unfit) return { outcome: 'skip', reason: 'it is not needed' };
    await rebootHost(context, connection);
    await sleep(0);
    if (!connection.connected)
      throw new HostUnfitError(spec.name, 'it did not come back from a reboot', 'Look at its console.');
    return { outcome: 'pass' };
  },
};

async function freeBytes(connection: Parameters<HostStep['run']>[0]['connection'], path: string): Promise<number> {
  const result = await connection.exec(`df -Pk ${quoteWord(path)} | awk 'NR==2{print $4}'`, { timeout: 30_000 });
  return Number(result.stdout.trim()) * 1024;
}
