import { readFileSync } from 'node:fs';
import { formatDuration, parseDuration } from '@autotest/core';
import type { LabReport, LabSample, ScenarioHosts } from '@autotest/dispatcher/simulate';
import type { Argv, CommandModule } from 'yargs';
import { parse } from 'yaml';
import { UsageError } from '../errors.ts';
import { exitCodes, type ExitCode } from '../exit-codes.ts';
import { formatTable } from '../output/table.ts';
import { note, printData } from '../output/print.ts';

const options = {
  hosts: { type: 'number', default: 100, describe: 'how many hosts' },
  jobs: { type: 'number', default: 1000, describe: 'how many jobs, of one host each' },
  seed: { type: 'number', default: 1, describe: 'decides everything that is random' },
  inventory: {
    type: 'string',
    describe: 'YAML file with `hosts` (labels and count) and `needs` (label expressions), instead of --hosts',
  },
  dispatchers: { type: 'number', default: 1, describe: 'how many dispatchers' },
  'job-time': { type: 'string', default: '10 min', describe: 'how long a job runs: median' },
  arrival: {
    type: 'string',
    describe: 'mean time between submissions; default: so that the hosts are busy for 80 % of the time',
  },
  'failure-rate': { type: 'number', default: 0.02, describe: 'share of verifications and of jobs that fail, 0 to 1' },
  json: { type: 'boolean', default: false, describe: 'print everything as JSON' },
  check: { type: 'number', describe: 'instead of a lab: check the dispatcher with so many seeds from --seed on' },
  verbose: { type: 'boolean', default: false, describe: 'with --check: print what goes wrong, and when' },
} as const;

type Arguments = Awaited<ReturnType<Argv<unknown>['parse']>> & {
  hosts: number;
  jobs: number;
  seed: number;
  inventory: string | undefined;
  dispatchers: number;
  jobTime: string;
  arrival: string | undefined;
  failureRate: number;
  json: boolean;
  check: number | undefined;
  verbose: boolean;
};

/** `autotest simulate`: how a lab of some size would do, with the real scheduler in simulated time. Needs no server. */
export function simulateCommand(outcome: { exitCode: ExitCode }): CommandModule {
  return {
    command: 'simulate',
    describe: 'plan a lab: run jobs through hosts that do not exist, in simulated time',
    builder: (cli) => cli.options(options),
    handler: async (given) => {
      // oxlint-disable-next-line no-unsafe-type-assertion -- as the options say
      const args = given as unknown as Arguments;
      outcome.exitCode = args.check === undefined ? await plan(args) : await check(args, args.check);
    },
  };
}

async function plan(args: Arguments): Promise<ExitCode> {
  const { planLab } = await import('@autotest/dispatcher/simulate');
  const inventory = args.inventory === undefined ? defaultInventory(args.hosts) : readInventory(args.inventory);
  const total = inventory.hosts.reduce((sum, { count }) => sum + count, 0);
  const jobMs = parseDuration(args.jobTime);
  if (total < 1 || args.jobs < 1 || args.dispatchers < 1)
    throw new UsageError('A lab has at least one host, one job and one dispatcher.');
  // A job also has its start and its verification, and takes longer than the median on average.
  const arrivalMs = args.arrival === undefined ? (jobMs * 1.13 + 25_000) / (total * 0.8) : parseDuration(args.arrival);
  const startedMs = performance.now();
  const { jobs, seed, dispatchers, failureRate } = args;
  const report = await planLab(
    { ...inventory, jobs, seed, dispatchers, failureRate, jobMs, arrivalMs },
    (sample, finished) => {
      note(
        `${formatDuration(sample.atMs)}: ${finished} of ${jobs} jobs are over, ${sample.queued} entries wait, ${sample.busy} of ${total} hosts are busy`,
      );
    },
  );
  if (args.json) printData(report, 'json');
  else printReport(report, total, performance.now() - startedMs);
  return exitCodes.ok;
}

/** Prints nothing but failures, and what was done. */
async function check({ seed: first, verbose }: Arguments, count: number): Promise<ExitCode> {
  const { checkSeeds } = await import('@autotest/dispatcher/simulate');
  let steps = 0;
  let least = Infinity;
  let failures = 0;
  const onTrouble = (what: string, atMs: number): void => console.log(`${formatDuration(atMs)}  ${what}`);
  for await (const { seed, violation, steps: taken } of checkSeeds(first, count, verbose ? { onTrouble } : {})) {
    steps += taken;
    least = Math.min(least, taken);
    if (!violation) continue;
    failures++;
    console.log(
      `seed ${seed}: ${violation.message}\n  replay: npx autotest simulate --check 1 --verbose --seed ${seed}`,
    );
  }
  console.log(`${count} seeds, ${steps} events, ${least} or more each, ${failures} failed`);
  return failures > 0 ? exitCodes.testFailures : exitCodes.ok;
}

interface Inventory {
  readonly hosts: readonly ScenarioHosts[];
  readonly needs: readonly string[];
}

/** Most hosts are alike, some are special, and few jobs ask for those. */
function defaultInventory(count: number): Inventory {
  const special = Math.max(1, Math.round(count * 0.1));
  const arm = Math.max(1, Math.round(count * 0.2));
  return {
    hosts: [
      { labels: ['arch:x86_64'], count: Math.max(1, count - special - arm) },
      { labels: ['arch:arm64'], count: arm },
      { labels: ['arch:x86_64', 'gpu'], count: special },
    ].slice(0, Math.max(1, Math.min(3, count))),
    needs:
      count < 3 ? [''] : ['', '', '', 'arch:x86_64', 'arch:x86_64', 'arch:x86_64', 'arch:arm64', 'arch:arm64', 'gpu'],
  };
}

function readInventory(file: string): Inventory {
  const read: unknown = parse(readFileSync(file, 'utf8'));
  // oxlint-disable-next-line no-unsafe-type-assertion -- looked at below
  const { hosts = [], needs = [''] } = (read ?? {}) as { hosts?: ScenarioHosts[]; needs?: string[] };
  if (!hosts.every(({ labels, count }) => Array.isArray(labels) && Number.isInteger(count)) || hosts.length === 0)
    throw new UsageError(`${file} has no list of hosts; write for instance \`hosts: [{ labels: [gpu], count: 4 }]\`.`);
  return { hosts, needs };
}

function printReport(report: LabReport, total: number, realMs: number): void {
  const right = 'right' as const;
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  console.log(
    `\nThe last job was over after ${formatDuration(report.tookMs)} (simulated in ${formatDuration(realMs)}).\n`,
  );
  console.log(
    formatTable(report.waits, [
      { title: 'waits for a host', value: ({ by }) => by },
      { title: 'entries', value: ({ entries }) => `${entries}`, align: right },
      { title: 'p50', value: ({ p50Ms }) => formatDuration(p50Ms), align: right },
      { title: 'p90', value: ({ p90Ms }) => formatDuration(p90Ms), align: right },
      { title: 'p99', value: ({ p99Ms }) => formatDuration(p99Ms), align: right },
      { title: 'longest', value: ({ maxMs }) => formatDuration(maxMs), align: right },
    ]),
  );
  console.log(
    `\n${formatTable(report.utilisation, [
      { title: 'label', value: ({ label }) => label },
      { title: 'hosts', value: ({ hosts }) => `${hosts}`, align: right },
      { title: 'busy', value: ({ busy }) => percent(busy), align: right },
    ])}`,
  );
  if (report.bottlenecks.length > 0)
    console.log(
      `\n${formatTable(report.bottlenecks, [
        { title: 'bottleneck', value: ({ needs }) => needs },
        { title: 'hosts', value: ({ hosts }) => `${hosts}`, align: right },
        { title: 'all busy while jobs wait', value: ({ full }) => percent(full), align: right },
        { title: 'mean queue', value: ({ meanQueued }) => meanQueued.toFixed(1), align: right },
      ])}`,
    );
  const ends = Object.entries(report.outcomes).map(([name, count]) => `${count} ${name}`);
  console.log(`\nEntries: ${ends.join(', ')}\n`);
  console.log(
    chart(
      'waiting entries',
      report.samples,
      ({ queued }) => queued,
      Math.max(1, ...report.samples.map(({ queued }) => queued)),
    ),
  );
  console.log(chart('busy hosts', report.samples, ({ busy }) => busy, total));
}

const bars = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const width = 80;

/** One line over time; each sign stands for the largest value of its span. */
function chart(
  title: string,
  samples: readonly LabSample[],
  value: (sample: LabSample) => number,
  max: number,
): string {
  const columns = Math.min(width, samples.length);
  const line = Array.from({ length: columns }, (_, column) => {
    const from = Math.floor((column * samples.length) / columns);
    const to = Math.floor(((column + 1) * samples.length) / columns);
    const top = Math.max(...samples.slice(from, Math.max(from + 1, to)).map(value));
    return bars[top <= 0 ? 0 : Math.max(1, Math.round((top / max) * (bars.length - 1)))];
  });
  return `${title.padEnd(16)}│${line.join('')}│ 0 to ${max}`;
}
