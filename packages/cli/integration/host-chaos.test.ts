import { setTimeout as delay } from 'node:timers/promises';
import { bundleControl, bundleToJson } from '@autotest/core/bundle';
import { openDatabase, type Database } from '@autotest/core/db';
import { missingService } from '@autotest/core/testing';
import { submitJob } from '@autotest/graphql/client';
import { startLab as startHostLab, type FaultName, type Lab as HostLab, type LabHost } from '@autotest/lab';
import { describe, expect, it, onTestFinished } from 'vitest';
import { addSshHost } from './support/facts.ts';
import { processesNaming, startLab, waitFor, type Lab } from './support/lab.ts';

const missing = missingService('ip') ?? missingService('nft');
/** Kills, cuts and reboots; a thousand for whoever has a quarter of an hour. */
const eventCount = Number(process.env.AUTOTEST_CHAOS_EVENTS ?? 120);
const hostCount = 5;

const clientControl = `import { defineControl } from '@autotest/core';
export default defineControl({
  name: 'short', author: 'tests <tests@autotest.example>', doc: 'Writes what it does into a ledger of its host.', type: 'client',
  params: { n: { type: 'number' }, reboot: { type: 'boolean', default: false } },
  async run(job, params) {
    const write = (part) => job.runCommand(part, ['sh', '-c', 'echo ' + params.n + '.' + part + ' >>/var/tmp/ledger; sync -d /var/tmp/ledger; sleep 0.3']);
    await write('a');
    if (params.reboot) await job.reboot();
    await write('b');
  },
});
`;
const serverControl = `import { defineControl } from '@autotest/core';
export default defineControl({
  name: 'short-server', author: 'tests <tests@autotest.example>', doc: 'Writes what it does into a ledger of its host.', type: 'server',
  params: { n: { type: 'number' } },
  async run(job, params) {
    const write = (part) => job.hosts[0].runCheck('echo ' + params.n + '.' + part + ' >>/var/tmp/ledger; sleep 0.2');
    await write('a');
    await write('b');
  },
});
`;

describe.skipIf(missing !== undefined)(
  `hosts that are killed, cut off and rebooted${missing ? ` (skipped: ${missing})` : ''}`,
  () => {
    it('lose no job, do nothing twice and are left clean', { timeout: 1_800_000 }, async () => {
      const hosts = await startHostLab({ hosts: { namespace: hostCount } });
      onTestFinished(() => hosts.close());
      const lab = await startLab({
        env: { AUTOTEST_SECRETS_DIR: hosts.secretsDir, AUTOTEST_MIN_FREE_BYTES: '1000000' },
      });
      for (const host of hosts.hosts) await addSshHost(lab, host, ['--attribute=repair-wait=5 s']);
      const database = await openDatabase(`sqlite:${lab.dataDir}/autotest.db`);
      onTestFinished(() => database.close());

      const chaos = new Chaos(hosts, lab);
      const jobIds: string[] = [];
      const submit = await submitter(lab);
      const submitting = (async () => {
        for (let n = 1; !chaos.isOver; n++) {
          jobIds.push(await submit(n));
          await delay(150 + Math.random() * 250);
        }
      })();
      await Promise.all([submitting, chaos.run(eventCount)]);
      expect(chaos.tally.size).toBeGreaterThan(5);

      const ids = jobIds.map(Number);
      await waitFor(
        async () => [...(await database.lookup.jobs(ids)).values()].every(({ state }) => state === 'finished'),
        'the end of all jobs',
        () => JSON.stringify([...chaos.tally]),
        600_000,
      );
      await expectTruth(database, hosts, ids);
      await waitFor(
        async () => (await database.scheduling.load()).leases.every(({ holder }) => holder === undefined),
        'all leases to be given back',
        () => '',
        300_000,
      );
      await waitFor(
        () => processesNaming(lab.dataDir).every(({ command }) => !command.includes('--spec')),
        'autoservs to end',
      );
      for (const host of hosts.hosts) await expectClean(host);
    });
  },
);

/** Job after job, most for one host's client, some with a reboot of their own, some driven from here. */
async function submitter(lab: Lab): Promise<(n: number) => Promise<string>> {
  const bundleOf = async (name: string, text: string): Promise<string> =>
    bundleToJson(await bundleControl({ entryPath: lab.write({ [name]: text }) }));
  const client = await bundleOf('short.ts', clientControl);
  const server = await bundleOf('short-server.ts', serverControl);
  return async (n) => {
    const isServer = n % 5 === 0;
    const params = isServer ? { n } : { n, reboot: n % 12 === 1 };
    const bundle = isServer ? server : client;
    const { job } = await submitJob(lab.api, { bundle, hosts: [], anyHosts: 1, params, infraRetries: n % 2 });
    return job.id;
  };
}

type Event = (chaos: Chaos, host: LabHost) => Promise<void>;

/** Each with how often it is drawn. */
const events: readonly (readonly [name: string, weight: number, event: Event])[] = [
  ['cut', 3, (chaos, host) => chaos.fault(host, 'cut', 200 + Math.random() * 2000)],
  ['drop', 2, (chaos, host) => chaos.fault(host, 'drop', 200 + Math.random() * 2000)],
  ['freeze', 2, (chaos, host) => chaos.fault(host, 'freeze', 200 + Math.random() * 1500)],
  ['killSessions', 4, (chaos, host) => chaos.fault(host, 'killSessions', 0)],
  ['reset', 3, (_, host) => host.machine.reset()],
  ['kill a client', 4, (_, host) => onHost(host, ['pkill', '-9', '-f', 'client.mjs'])],
  ['kill a command', 3, (_, host) => onHost(host, ['pkill', '-9', '-f', 'var/tmp/ledger'])],
  ['kill an autoserv', 4, async (chaos) => chaos.killAutoserv()],
  ['kill the dispatcher', 1, (chaos) => chaos.killDispatcher()],
];
const drawn = events.flatMap(([name, weight, event]) => Array.from({ length: weight }, () => [name, event] as const));

class Chaos {
  readonly tally = new Map<string, number>();
  isOver = false;
  readonly #hosts: HostLab;
  readonly #lab: Lab;
  #restarting: Promise<void> | undefined;

  constructor(hosts: HostLab, lab: Lab) {
    this.#hosts = hosts;
    this.#lab = lab;
  }

  /** Every host has its own trouble, one after another. */
  async run(count: number): Promise<void> {
    let left = count;
    await Promise.all(
      this.#hosts.hosts.map(async (host) => {
        while (left-- > 0) {
          await delay(300 + Math.random() * 1200);
          const [name, event] = drawn[Math.floor(Math.random() * drawn.length)] ?? drawn[0] ?? [];
          if (name === undefined || event === undefined) continue;
          await event(this, host).catch(() => {});
          this.tally.set(name, (this.tally.get(name) ?? 0) + 1);
        }
      }),
    );
    this.isOver = true;
  }

  async fault(host: LabHost, name: FaultName, forMs: number): Promise<void> {
    const undo = await this.#hosts.fault(host.name, name);
    await delay(forMs);
    await undo();
  }

  killAutoserv(): void {
    const running = processesNaming(this.#lab.dataDir).filter(({ command }) => command.includes('--spec'));
    const victim = running[Math.floor(Math.random() * running.length)];
    if (victim) process.kill(victim.pid, 'SIGKILL');
  }

  async killDispatcher(): Promise<void> {
    this.#restarting ??= (async () => {
      await this.#lab.dispatcher.end('SIGKILL');
      await delay(Math.random() * 1500);
      await this.#lab.startDispatcher();
    })().finally(() => (this.#restarting = undefined));
    await this.#restarting;
  }
}

/** Every entry ended in a way that is one; what passed was done, each part of it once; nothing at all was done twice. */
async function expectTruth(database: Database, hosts: HostLab, jobIds: readonly number[]): Promise<void> {
  const ledger = (await Promise.all(hosts.hosts.map((host) => read(host, '/var/tmp/ledger')))).flat();
  const done = new Map<string, number>();
  for (const line of ledger) done.set(line, (done.get(line) ?? 0) + 1);
  const outcomes = new Map<string, number>();
  for (const jobId of jobIds) {
    const job = (await database.lookup.jobs([jobId])).get(jobId);
    const n = Number(job?.params.n);
    const executions = (await database.jobs.executions(jobId)).filter(({ purpose }) => purpose === 'job');
    for (const entry of await database.jobs.entries(jobId)) {
      expect(['passed', 'failed', 'error'], `job ${jobId}`).toContain(entry.outcome);
      outcomes.set(String(entry.outcome), (outcomes.get(String(entry.outcome)) ?? 0) + 1);
      for (const part of ['a', 'b']) {
        const times = done.get(`${n}.${part}`) ?? 0;
        expect(times, `part ${part} of job ${jobId} in ${executions.length} executions`).toBeLessThanOrEqual(
          executions.length,
        );
        if (entry.outcome === 'passed') expect(times, `part ${part} of job ${jobId}, which passed`).toBeGreaterThan(0);
      }
    }
    expect(executions.length, `executions of job ${jobId}`).toBeLessThanOrEqual(2);
  }
  console.log(`${jobIds.length} jobs: ${JSON.stringify(Object.fromEntries(outcomes))}`);
  expect(outcomes.get('passed') ?? 0).toBeGreaterThan(0);
}

/** Nothing of ours runs on the host. */
async function expectClean(host: LabHost): Promise<void> {
  await waitFor(
    async () => !(await processesOn(host)).some((line) => /client\.mjs|var\/tmp\/ledger/.test(line)),
    `${host.name} to be left clean`,
    () => '',
    120_000,
  );
}

async function processesOn(host: LabHost): Promise<string[]> {
  return (await inside(host, ['ps', '-eo', 'args'])).split('\n').filter((line) => !line.startsWith('ps '));
}

async function read(host: LabHost, file: string): Promise<string[]> {
  return (await inside(host, ['sh', '-c', `cat ${file} 2>/dev/null || true`])).split('\n').filter(Boolean);
}

async function onHost(host: LabHost, argv: readonly string[]): Promise<void> {
  await inside(host, argv);
}

/** Runs a program on a host past its network. */
async function inside({ machine }: LabHost, argv: readonly string[]): Promise<string> {
  if (!('run' in machine) || typeof machine.run !== 'function') throw new Error('it is no namespaced machine');
  return (await (machine.run as (argv: readonly string[]) => Promise<string>).call(machine, argv)) ?? '';
}
