import type { Database, NewJob } from '@autotest/core/db';
import { newJob } from '@autotest/core/testing';

const arches = ['x86_64', 'aarch64', 'riscv64', 'ppc64le'];
const pools = ['smoke', 'perf', 'stress', 'storage', 'network', 'boot', 'soak', 'lab'];

/** What jobs of the benchmark ask for: common and rare labels, both, alternatives, negations. */
export const needs = [
  'arch:x86_64',
  'arch:aarch64',
  'arch:x86_64 & pool:perf',
  'arch:x86_64 & !flaky',
  'pool:smoke | pool:boot',
  'gpu & arch:x86_64',
  'mem>=64 & !flaky',
  'arch:riscv64',
  'pool:storage | nvme',
  'pool:network & (nic:10g | nic:25g)',
  '!flaky & !gpu',
  'rack:r1 | rack:r2 | rack:r3',
  'arch:ppc64le & mem>=32',
  'pool:stress & arch:aarch64',
  'nvme & mem>=128',
  'pool:lab',
] as const;

/** Labels of the n-th host: some 250 different sets. */
export function labelsOf(n: number): string[] {
  return [
    `arch:${arches[n % 10 < 7 ? 0 : (n % 3) + 1]}`,
    `pool:${pools[n % pools.length]}`,
    `rack:r${n % 20}`,
    `mem:${2 ** (4 + (n % 5))}`,
    ...(n % 20 === 0 ? ['gpu'] : []),
    ...(n % 33 === 0 ? ['flaky'] : []),
    ...(n % 4 === 0 ? ['nvme'] : []),
    ...(n % 3 === 0 ? ['nic:10g'] : n % 7 === 0 ? ['nic:25g'] : []),
  ];
}

/** Registers hosts `h0`, `h1`, … */
export async function addFleet(database: Database, count: number): Promise<void> {
  const size = 500;
  for (let from = 0; from < count; from += size) {
    const hosts = Array.from({ length: Math.min(size, count - from) }, (_, index) => ({
      name: `h${from + index}`,
      transport: 'ssh' as const,
      address: '127.0.0.1',
      port: 22,
      user: 'root',
      labels: labelsOf(from + index),
    }));
    await database.hosts.addMany(hosts, 'bench');
  }
}

/** Queues entries in jobs of `perJob`, with mixed wishes, owners and priorities. */
export async function queueJobs(database: Database, entries: number, perJob: number): Promise<void> {
  for (let n = 0; n * perJob < entries; n++) await database.jobs.submit(jobOf(n, perJob));
}

export function jobOf(n: number, anyHosts: number, more: Partial<NewJob> = {}): NewJob {
  return newJob({
    bundleHash: 'bench',
    name: `job ${n % 50}`,
    owner: `user${n % 12}`,
    priority: (n % 4) * 10,
    needs: needs[n % needs.length] ?? '',
    runVerify: false,
    maxRuntimeMs: 3_600_000,
    anyHosts,
    ...more,
  });
}

export function putBundle(database: Database): Promise<void> {
  return database.bundles.put({ hash: 'bench', fileName: 'c.ts', source: 'export {}', json: '{}', sizeBytes: 9 });
}
