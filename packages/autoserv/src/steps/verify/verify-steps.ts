import type { HostStep, StepHost } from '../host-step.ts';
import { probeHost, type HostProbe } from '../../session/probe.ts';
import { installBases, localBase } from '../../session/host-paths.ts';
import { clock } from './clock.ts';
import { diskSpace } from './disk-space.ts';
import { load } from './load.ts';
import { tools } from './tools.ts';
import type { Probed } from './probed.ts';

/** What makes a host fit for a job, cheapest first: each step relies on those before it. */
export function verifySteps(): HostStep[] {
  const probed = rememberProbe();
  return [connectivity, bootId(probed), clock(probed), baseDirectory(probed), diskSpace(probed), tools, load];
}

/** One look at the host serves several steps. */
function rememberProbe(): Probed {
  const probes = new Map<string, HostProbe>();
  return async ({ spec, connection, context }) => {
    const known = probes.get(spec.name);
    if (known) return known;
    const probe = await probeHost(await connection.connect(), spec.name, installBases(spec, context.spec.resultsDir));
    probes.set(spec.name, probe);
    return probe;
  };
}

const connectivity: HostStep = {
  name: 'connectivity',
  run: async ({ connection, log }) => {
    const { where } = await connection.connect();
    log.line(`logged in: ${where}`);
  },
};

const bootId = (probed: Probed): HostStep => ({
  name: 'boot id',
  run: async (host: StepHost) => {
    const { bootId: id, kernel, arch } = await probed(host);
    host.context.recorder.append({ kind: 'keyval', values: { kernel, arch, boot_id: id } });
    if (id !== '') return { outcome: 'pass' };
    return {
      outcome: 'warn',
      reason: 'the host does not tell its boot id: reboots cannot be told from lost connections',
    };
  },
});

const baseDirectory = (probed: Probed): HostStep => ({
  name: 'base directory',
  run: async (host: StepHost) => ({
    outcome: 'pass',
    reason: host.spec.transport === 'local' ? localBase() : (await probed(host)).base,
  }),
});
