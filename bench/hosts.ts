/**
 * What it costs to reach hosts, side by side in one run with what people use for that: pdsh, ClusterShell, pssh, Ansible and OpenSSH itself, each as it is installed
 * and with the key exchange that ssh2 has. ssh2 has no post-quantum key exchange: the peers' own default (sntrup761x25519) costs their clients most of their time, so
 * rows against `stock` compare unlike protection, and rows against `tuned` like.
 *
 * The hosts are one sshd on this machine, reached at as many addresses of 127.0.0.0/8, so it shares the processors with all clients. Needs the built packages
 * (`npm run build`) and an OpenSSH server; peers that are not installed are left out. `--only WORD` runs the parts whose name holds the word.
 */
import { hasSshd } from '@autotest/core/testing';
import { commandsOnHosts, sequentialCommand, trueOnHosts } from './hosts/commands.ts';
import { clientJob, memoryOfConnections, memoryOfMany } from './hosts/executions.ts';
import { startFarm } from './hosts/farm.ts';
import { lineLatency, logLines, transfers } from './hosts/streams.ts';
import { table } from './lib/report.ts';

const quick = process.argv.includes('--quick');
const only = process.argv[process.argv.indexOf('--only') + 1] ?? '';
const rounds = quick ? 3 : 5;
// Anew in every process that is started from here.
delete process.env.NODE_EXTRA_CA_CERTS;

if (!hasSshd()) {
  process.stderr.write('There is no OpenSSH server here (Debian: openssh-server).\n');
  process.exit(1);
}
const farm = await startFarm();
process.env.HOME = farm.env.HOME;
const parts: Readonly<Record<string, () => unknown>> = {
  'true on few': () => trueOnHosts(farm, quick ? 5 : 50, rounds),
  'true on many': () => trueOnHosts(farm, quick ? 10 : 200, rounds),
  commands: () => commandsOnHosts(farm, quick ? 10 : 50, quick ? 10 : 20, rounds),
  sequential: () => sequentialCommand(farm, quick ? 50 : 300),
  transfers: () => transfers(farm, quick ? 20 : 100, rounds),
  lines: () => logLines(farm, quick ? 100 : 1000, rounds),
  latency: () => lineLatency(farm, quick ? 100 : 500),
  job: () => clientJob(farm, rounds),
  'memory of autoservs': () => memoryOfMany(farm, quick ? 5 : 50),
  'memory of connections': () => memoryOfConnections(farm, quick ? 50 : 1000),
};
try {
  for (const [name, run] of Object.entries(parts))
    if (!process.argv.includes('--only') || name.includes(only)) await run();
} finally {
  await farm.close();
}
table();
