import { compileLabels, parseLabelExpression, prepareLabels, silentLog } from '@autotest/core';
import { coarse, Random, settle, SimulatedClock, SimulatedDatabase } from '@autotest/core/testing';
import { Autoservs } from './autoservs.ts';
import { Dispatchers } from './dispatchers.ts';
import { RealHosts } from './hosts.ts';
import { People } from './people.ts';
import { goodNetwork, noRates, type Scenario, type ScenarioHosts } from './scenario.ts';

export interface LabPlan {
  readonly seed: number;
  readonly hosts: readonly ScenarioHosts[];
  readonly jobs: number;
  /** Label expressions that jobs ask for, each as often as it stands here; '' asks for nothing. */
  readonly needs: readonly string[];
  readonly dispatchers: number;
  /** Mean time between submissions, ms. */
  readonly arrivalMs: number;
  /** How long a job runs: median, ms. */
  readonly jobMs: number;
  /** Share of verifications that find a host unfit, and of jobs that fail, 0 to 1. */
  readonly failureRate: number;
}

/** How long entries waited for their host, ms. */
export interface WaitReport {
  readonly by: string;
  readonly entries: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** How the lab stood at one moment. */
export interface LabSample {
  /** Since the start, ms. */
  readonly atMs: number;
  readonly queued: number;
  readonly busy: number;
}

export interface LabReport {
  /** Until the last job was over, ms of simulated time. */
  readonly tookMs: number;
  readonly waits: readonly WaitReport[];
  /** Share of the time that hosts were busy, 0 to 1; over all and by label. */
  readonly utilisation: readonly { readonly label: string; readonly hosts: number; readonly busy: number }[];
  /** What jobs asked for while every host that has it was busy: share of the time, 0 to 1; the worst first. */
  readonly bottlenecks: readonly {
    readonly needs: string;
    readonly hosts: number;
    readonly full: number;
    readonly meanQueued: number;
  }[];
  /** Entries by how they ended. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly samples: readonly LabSample[];
}

const samplesWanted = 120;
const secondMs = 1000;
const minuteMs = 60_000;
/** Executions take minutes. What happens outside within so short a time happens at one moment: then what follows from it is written together, as in a busy lab. */
const grainMs = 500;

/** Runs the jobs of a plan through a lab of this size, with the real scheduler, in simulated time. @param onSample told of each sample, and how many jobs are over */
export async function planLab(
  plan: LabPlan,
  onSample?: (sample: LabSample, finished: number) => void,
): Promise<LabReport> {
  const scenario = scenarioOf(plan);
  const database = await SimulatedDatabase.open();
  const clock = new SimulatedClock();
  const outside = coarse(clock, grainMs);
  const random = new Random(plan.seed);
  const hosts = new RealHosts(scenario.rates);
  const autoservs = new Autoservs(outside, random.split('autoservs'), hosts, scenario);
  let failure: unknown;
  const onError = (error: unknown): void => {
    failure ??= error;
  };
  const dispatchers = new Dispatchers({
    clock,
    database,
    random: random.split('dispatchers'),
    autoservs,
    scenario,
    log: silentLog,
    onError,
  });
  const frontend = database.connect(clock);
  const people = new People(frontend.database, random.split('people'), hosts, scenario.workload, outside);
  const meter = new Meter(database, plan);
  try {
    await people.setUp(scenario);
    for (const one of scenario.dispatchers) dispatchers.start(one);
    people.begin(onError);
    const everyMs = Math.max(secondMs, (plan.arrivalMs * plan.jobs) / samplesWanted);
    for (let nextMs = everyMs; ;) {
      clock.stepMoment();
      await untilQuiet(dispatchers);
      if (failure !== undefined) throw failure;
      if (clock.monotonicMs() < nextMs) continue;
      nextMs += everyMs;
      const { sample, finished } = await meter.read(clock.monotonicMs());
      onSample?.(sample, finished);
      if (finished >= plan.jobs) break;
    }
    return await meter.report(clock.monotonicMs());
  } finally {
    for (const { id } of scenario.dispatchers) dispatchers.kill(id);
    frontend.close();
    await settle();
    await database.close();
  }
}

/** Lets everything happen that follows from what just happened: decisions take no time. */
async function untilQuiet(dispatchers: Dispatchers): Promise<void> {
  let { asked } = dispatchers;
  for (let quiet = 0; quiet < 2; quiet++) {
    if (quiet === 0) dispatchers.tellOfEvents();
    await settle();
    if (dispatchers.asked !== asked) quiet = -1;
    ({ asked } = dispatchers);
  }
}

function scenarioOf(plan: LabPlan): Scenario {
  const total = plan.hosts.reduce((sum, { count }) => sum + count, 0);
  return {
    hosts: plan.hosts,
    dispatchers: Array.from({ length: plan.dispatchers }, (_, index) => ({
      id: `d${index + 1}`,
      machine: `m${index + 1}`,
      maxExecutions: Math.ceil((total * 1.1) / plan.dispatchers) + 1,
    })),
    limits: { heartbeatMs: 30 * secondMs, deadMs: 5 * minuteMs, pollMs: minuteMs },
    rates: { ...noRates, verifyFails: plan.failureRate, testsFail: plan.failureRate, repairFails: 0.3 },
    durations: {
      startMs: 2 * secondMs,
      verifyMs: 20 * secondMs,
      repairMs: 10 * minuteMs,
      cleanupMs: 3 * minuteMs,
      provisionMs: 5 * minuteMs,
      gatherMs: 10 * secondMs,
      jobMs: plan.jobMs,
    },
    network: goodNetwork,
    workload: {
      jobs: plan.jobs,
      arrivalMs: plan.arrivalMs,
      owners: [
        { login: 'ada', weight: 1 },
        { login: 'bob', weight: 1 },
        { login: 'eve', weight: 2 },
      ],
      priorities: [10, 10, 10, 10, 20, 30],
      needs: plan.needs,
      isVaried: false,
    },
    troubleMs: Infinity,
    troubleForMs: 0,
    minSteps: 0,
    leavesOneDead: false,
  };
}

/** Reads from the rows how the lab does. */
class Meter {
  readonly #database: SimulatedDatabase;
  readonly #samples: LabSample[] = [];
  readonly #hosts: readonly ScenarioHosts[];
  readonly #needs: ReadonlyMap<string, { fits: (labels: readonly string[]) => boolean; full: number; queued: number }>;
  /** By labels as stored: samples in which hosts were busy, summed. */
  readonly #busy = new Map<string, number>();

  constructor(database: SimulatedDatabase, { hosts, needs }: LabPlan) {
    this.#database = database;
    this.#hosts = hosts;
    this.#needs = new Map(
      needs.map((text) => {
        const holds = text === '' ? () => true : holdsOf(text);
        return [text, { fits: holds, full: 0, queued: 0 }];
      }),
    );
  }

  async read(atMs: number): Promise<{ sample: LabSample; finished: number }> {
    const hosts = await this.#database.query<{ labels: string; isFree: number; count: number }>(
      "select labels, state = 'ready' as isFree, count(*) as count from hosts group by labels, state = 'ready'",
    );
    const queued = await this.#database.query<{ needs: string | null; count: number }>(
      "select j.needs, count(*) as count from entries e join jobs j on j.id = e.jobId where e.state = 'queued' group by j.needs",
    );
    const [jobs] = await this.#database.query<{ finished: number }>(
      "select count(*) as finished from jobs where state = 'finished'",
    );
    for (const { labels, isFree, count } of hosts)
      if (isFree === 0) this.#busy.set(labels, (this.#busy.get(labels) ?? 0) + count);
    for (const { needs, count } of queued) {
      const known = this.#needs.get(needs ?? '');
      if (!known) continue;
      known.queued += count;
      const isFull = hosts.every(({ labels, isFree }) => isFree === 0 || !known.fits(JSON.parse(labels) as string[]));
      if (isFull) known.full++;
    }
    const sample = {
      atMs,
      queued: queued.reduce((sum, { count }) => sum + count, 0),
      busy: hosts.reduce((sum, { isFree, count }) => sum + (isFree === 0 ? count : 0), 0),
    };
    this.#samples.push(sample);
    return { sample, finished: jobs?.finished ?? 0 };
  }

  async report(tookMs: number): Promise<LabReport> {
    const outcomes = await this.#database.query<{ outcome: string; count: number }>(
      'select outcome, count(*) as count from entries group by outcome',
    );
    return {
      tookMs,
      waits: await this.#waits(),
      utilisation: this.#utilisation(),
      bottlenecks: this.#bottlenecks(),
      outcomes: Object.fromEntries(outcomes.map(({ outcome, count }) => [outcome, count])),
      samples: this.#samples,
    };
  }

  async #waits(): Promise<WaitReport[]> {
    const rows = await this.#database.query<{ owner: string; priority: number; waitedMs: number }>(
      `select j.owner, j.priority, min(v.t) - e.queuedAt as waitedMs from events v join entries e on e.id = v.entryId join jobs j on j.id = e.jobId
       where v.kind = 'entry.moved' and json_extract(v.data, '$.move') = 'assign' group by e.id`,
    );
    const groups = [
      ['all', rows] as const,
      ...[...Map.groupBy(rows, ({ priority }) => `priority ${priority}`)].sort(([a], [b]) => a.localeCompare(b)),
      ...[...Map.groupBy(rows, ({ owner }) => `owner ${owner}`)].sort(([a], [b]) => a.localeCompare(b)),
    ];
    return groups.map(([by, own]) => {
      const sorted = own.map(({ waitedMs }) => waitedMs).sort((a, b) => a - b);
      const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
      return { by, entries: sorted.length, p50Ms: at(0.5), p90Ms: at(0.9), p99Ms: at(0.99), maxMs: at(1) };
    });
  }

  #utilisation(): LabReport['utilisation'] {
    const labels = [...new Set(this.#hosts.flatMap((one) => one.labels))];
    const of = (label: string, own: readonly ScenarioHosts[]) => {
      const hosts = own.reduce((sum, { count }) => sum + count, 0);
      // Each kind of hosts once, also where a list names it twice.
      const kinds = new Set(own.map((one) => JSON.stringify(one.labels)));
      const busy = [...kinds].reduce((sum, kind) => sum + (this.#busy.get(kind) ?? 0), 0);
      return { label, hosts, busy: busy / Math.max(1, hosts * this.#samples.length) };
    };
    return [
      of('all hosts', this.#hosts),
      ...labels.map((label) =>
        of(
          label,
          this.#hosts.filter((one) => one.labels.includes(label)),
        ),
      ),
    ];
  }

  #bottlenecks(): LabReport['bottlenecks'] {
    const count = Math.max(1, this.#samples.length);
    return [...this.#needs]
      .map(([needs, { fits, full, queued }]) => ({
        needs: needs === '' ? 'any host' : needs,
        hosts: this.#hosts.reduce((sum, one) => sum + (fits(one.labels) ? one.count : 0), 0),
        full: full / count,
        meanQueued: queued / count,
      }))
      .filter(({ full }) => full > 0)
      .sort((a, b) => b.full - a.full || b.meanQueued - a.meanQueued);
  }
}

function holdsOf(text: string): (labels: readonly string[]) => boolean {
  const holds = compileLabels(parseLabelExpression(text));
  return (labels) => holds(prepareLabels(labels));
}
