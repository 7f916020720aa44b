import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLog, type Cause, type ExitClass, type TaskKind, type WaitReason } from '@autotest/core';
import type { Database, EntryRow, ExecutionRow, HostRow, JobRow, NewHost, NewJob, TaskRow } from '@autotest/core/db';
import { makeTestDatabase, ManualClock, newJob } from '@autotest/core/testing';
import { startDispatcher, type Dispatcher, type DispatcherOptions, type StartWatch } from '@autotest/dispatcher';
import { expect, onTestFinished } from 'vitest';
import { Cable } from './cable.ts';
import { LabProcess } from './process.ts';

/** `h1 arch:x86 flaky`: name and labels; or more. */
export type HostWish = string | (Partial<NewHost> & { readonly name: string });

/** What is special about a job. */
export interface JobWish extends Partial<NewJob> {
  /** Names of its hosts. */
  readonly on?: readonly string[];
  /** Hosts to be chosen. */
  readonly any?: number;
  /** A server job whose hosts start together, so many at once. */
  readonly together?: number;
}

export interface DispatcherWish extends Pick<DispatcherOptions, 'limits' | 'pools' | 'onlyUsers' | 'machine'> {
  readonly id?: string;
}

export interface LabWish extends DispatcherWish {
  readonly hosts?: readonly HostWish[];
  /** No dispatcher is started. */
  readonly isIdle?: boolean;
}

interface Unit {
  readonly dispatcher: Dispatcher;
  readonly cable: Cable;
}

const rounds = 3;

/**
 * A lab in memory: the real stores and real dispatchers, with hosts that exist as rows only and executions that end when and how a test says. Time stands still unless it is moved.
 * After each step everything has happened that follows from it.
 */
export async function openLab(wish: LabWish = {}): Promise<Lab> {
  const clock = new ManualClock();
  const lab = new Lab(clock, await makeTestDatabase({ clock }));
  onTestFinished(() => lab.close());
  await lab.database.bundles.put({ hash: 'sha256:x', fileName: 'x.ts', source: '', json: '{}', sizeBytes: 2 });
  for (const host of wish.hosts ?? []) await lab.addHost(host);
  if (wish.isIdle !== true) await lab.start(wish);
  return lab;
}

export class Lab {
  readonly clock: ManualClock;
  readonly database: Database;
  readonly log: string[] = [];
  /** Special tasks and jobs that run end as soon as they are asked to. */
  isObedient = true;
  /** Processes do not say that they run before `greet`. */
  isSlow = false;
  readonly #directory = mkdtempSync(join(tmpdir(), 'dispatcher-lab-'));
  readonly #units = new Map<string, Unit>();
  readonly #processes = new Map<number, LabProcess>();
  #starts = 0;
  /** Errors in the log that a test expects. */
  expectedErrors = 0;

  constructor(clock: ManualClock, database: Database) {
    this.clock = clock;
    this.database = database;
  }

  /** Starts a dispatcher; several can be there. */
  async start({ id = 'd1', machine = 'm1', limits, ...more }: DispatcherWish = {}): Promise<Dispatcher> {
    const cable = new Cable();
    const starting = startDispatcher({
      database: cable.database(this.database),
      dataDir: this.#dataDir(machine),
      dispatcherId: id,
      machine,
      clock: cable.clock(this.clock),
      log: createLog({ level: 'debug', write: (line) => this.log.push(line) }),
      limits: { minFreeBytes: 0, ...limits },
      random: () => 0.5,
      startWatch: this.#startWatch,
      ...more,
    });
    const dispatcher = await starting;
    this.#units.set(id, { dispatcher, cable });
    await this.settle();
    return dispatcher;
  }

  /** One for each machine; under another name each time, as a dispatcher that was "killed" still has the socket that goes with its name. */
  #dataDir(machine: string): string {
    const directory = join(this.#directory, machine);
    mkdirSync(directory, { recursive: true });
    const name = join(this.#directory, `start-${++this.#starts}`);
    symlinkSync(directory, name);
    return name;
  }

  dispatcher(id: string): Dispatcher {
    return this.#unit(id).dispatcher;
  }

  /** Stops a dispatcher in order. */
  async stop(id = 'd1'): Promise<void> {
    await this.#unit(id).dispatcher.stop();
    this.#units.delete(id);
    await this.settle();
  }

  /** As if its process were killed: it does nothing any more, and what it started goes on. */
  async crash(id = 'd1'): Promise<void> {
    this.#unit(id).cable.isCut = true;
    this.#units.delete(id);
    await this.settle();
  }

  async addHost(wish: HostWish): Promise<HostRow> {
    const [name = '', ...labels] = typeof wish === 'string' ? wish.split(' ') : [wish.name];
    const more = typeof wish === 'string' ? { labels } : wish;
    const reach = { transport: 'local', address: 'localhost', port: 0, user: 'u' } as const;
    const host = await this.database.hosts.add({ ...reach, ...more, name }, 'anna');
    await this.settle();
    return host;
  }

  /** Gives the job's id. */
  async submit({ on = [], any = 0, together, ...job }: JobWish = {}): Promise<number> {
    const hosts = await Promise.all(on.map((name) => this.host(name)));
    const submitted = await this.database.jobs.submit(
      newJob({
        owner: 'anna',
        bundleHash: 'sha256:x',
        hostIds: hosts.map(({ id }) => id),
        anyHosts: any,
        ...(together !== undefined && {
          syncCount: together,
          metadata: { name: 'j', author: 'a', doc: 'd', type: 'server' },
        }),
        ...job,
      }),
    );
    await this.settle();
    return submitted.job.id;
  }

  async abort(jobId: number): Promise<void> {
    await this.database.jobs.requestAbort(jobId, 'anna', 'oops');
    await this.settle();
  }

  /** Asks for a special task of a host. */
  async request(kind: TaskKind, host: string): Promise<void> {
    await this.database.hosts.requestTask((await this.host(host)).id, kind, 'bob');
    await this.settle();
  }

  async changeHost(name: string, patch: Parameters<Database['hosts']['update']>[1]): Promise<void> {
    await this.database.hosts.update((await this.host(name)).id, patch, 'bob');
    await this.settle();
  }

  /** Lets time pass, in steps that are small enough for everybody to notice. */
  async advance(ms: number): Promise<void> {
    const longestMs = this.#units.size > 1 ? 4000 : Infinity;
    const stepMs = Math.min(longestMs, Math.max(1000, Math.ceil(ms / 100)));
    for (let leftMs = ms; leftMs > 0; leftMs -= stepMs) {
      this.clock.advance(Math.min(stepMs, leftMs));
      await this.settle();
    }
  }

  /** Resolves when nothing moves any more, as long as time stands still. */
  async settle(): Promise<void> {
    let calls = -1;
    for (let quiet = 0; quiet < rounds;) {
      this.clock.advance(0);
      await new Promise((resolve) => setImmediate(resolve));
      const cables = Array.from(this.#units.values(), ({ cable }) => cable);
      const now = cables.reduce((sum, cable) => sum + cable.calls, 0);
      quiet = now === calls && cables.every(({ inFlight }) => inFlight === 0) ? quiet + 1 : 0;
      calls = now;
    }
  }

  /** What runs, in order of its beginning: `verify h1`, `job 3 h1+h2`, `gather 3`. */
  async runs(): Promise<string[]> {
    const living = [...this.#processes.values()].filter(({ isGone }) => !isGone);
    return Promise.all(living.map(({ execution }) => this.#nameOf(execution)));
  }

  /** Lets something end by itself. */
  async end(name: string, exitClass: ExitClass, cause?: Cause): Promise<void> {
    // Whatever runs takes some time.
    this.clock.advance(1);
    (await this.process(name)).end(exitClass, false, cause);
    await this.settle();
  }

  async pass(...names: readonly string[]): Promise<void> {
    for (const name of names) await this.end(name, 'clean');
  }

  /** A special task fails, or a job for the lab's sake. */
  fail(name: string): Promise<void> {
    return this.end(name, 'infra');
  }

  /** The process is killed. */
  async kill(name: string): Promise<void> {
    this.clock.advance(1);
    (await this.process(name)).kill();
    await this.settle();
  }

  async greet(name: string): Promise<void> {
    (await this.process(name)).greet();
    await this.settle();
  }

  /** Everything that runs ends well, and what follows from it, until nothing runs. */
  async passAll(): Promise<void> {
    for (let names = await this.runs(); names.length > 0; names = await this.runs()) await this.pass(names[0] ?? '');
  }

  async process(name: string): Promise<LabProcess> {
    for (const process of this.#processes.values())
      if (!process.isGone && (await this.#nameOf(process.execution)) === name) return process;
    throw new Error(`${name} does not run; there are: ${(await this.runs()).join(', ')}`);
  }

  /** State of a job's entries, in their order: `queued`, `preparing h1`, `finished h1 passed`. */
  async state(jobId: number): Promise<string> {
    const names = new Map((await this.database.hosts.all()).map(({ id, name }) => [id, name]));
    return (await this.entries(jobId))
      .map(({ state, hostId, outcome }) => [state, names.get(hostId ?? 0), outcome].filter(Boolean).join(' '))
      .join(', ');
  }

  entries(jobId: number): Promise<EntryRow[]> {
    return this.database.jobs.entries(jobId);
  }

  /** The only entry of a job. */
  async entry(jobId: number): Promise<EntryRow> {
    const [entry, ...others] = await this.entries(jobId);
    if (!entry || others.length > 0) throw new Error(`job ${jobId} has not one entry`);
    return entry;
  }

  async job(jobId: number): Promise<JobRow> {
    const job = await this.database.jobs.byId(jobId);
    if (!job) throw new Error(`there is no job ${jobId}`);
    return job;
  }

  async host(name: string): Promise<HostRow> {
    const host = await this.database.hosts.byName(name);
    if (!host) throw new Error(`there is no host ${name}`);
    return host;
  }

  /** States of all hosts, by name. */
  async hosts(): Promise<Record<string, string>> {
    return Object.fromEntries((await this.database.hosts.all()).map(({ name, state }) => [name, state]));
  }

  /** All tasks that a host ever had, oldest first: `verify passed`, `repair queued`. */
  async tasks(host: string): Promise<string[]> {
    const tasks: TaskRow[] = await this.database.jobs.tasksOf({ hostId: (await this.host(host)).id, first: 100 });
    return tasks.reverse().map(({ kind, state, outcome }) => `${kind} ${outcome ?? state}`);
  }

  executions(jobId: number): Promise<ExecutionRow[]> {
    return this.database.jobs.executions(jobId);
  }

  /** Names of hosts that somebody holds. */
  async held(): Promise<string[]> {
    const { leases, hosts } = await this.database.scheduling.load();
    const held = new Set(leases.flatMap(({ hostId, holder }) => (holder ? hostId : [])));
    return hosts.filter(({ id }) => held.has(id)).map(({ name }) => name);
  }

  /** Why an entry waits, as it is known a few seconds later. */
  async reason(jobId: number, index = 0): Promise<WaitReason | undefined> {
    await this.advance(3000);
    const waitId = (await this.entries(jobId))[index]?.waitId;
    return waitId === undefined ? undefined : (await this.database.lookup.waits([waitId])).get(waitId)?.reason;
  }

  async close(): Promise<void> {
    for (const { dispatcher } of this.#units.values()) await dispatcher.stop();
    await this.database.close();
    rmSync(this.#directory, { recursive: true, force: true });
    // A dispatcher gets over most errors; that there was one is a failure all the same.
    expect(this.log.filter((line) => line.includes(' ERROR ')).slice(this.expectedErrors)).toEqual([]);
  }

  readonly #startWatch: StartWatch = (execution, _owner, store) => {
    let process = this.#processes.get(execution.id);
    if (!process) {
      process = new LabProcess(execution);
      this.#processes.set(execution.id, process);
      mkdirSync(execution.resultsDir, { recursive: true });
      // Whoever finds an execution that was started without its process finds it lost.
      if (execution.state !== 'created') process.kill();
      else if (!this.isSlow) process.greet();
    }
    return process.watch(store, () => this.isObedient);
  };

  /** The machine on which processes run goes down with them. */
  loseProcesses(): void {
    for (const process of this.#processes.values()) if (!process.isGone) process.kill();
  }

  async #nameOf({ id, purpose, jobId, taskId }: ExecutionRow): Promise<string> {
    if (purpose === 'gather') return `gather ${jobId}`;
    const hosts = await this.database.hosts.all();
    const nameOf = (hostId: number | undefined) => hosts.find((host) => host.id === hostId)?.name;
    if (jobId === undefined) {
      const task = (await this.database.lookup.tasks([taskId ?? 0])).get(taskId ?? 0);
      return `${purpose} ${nameOf(task?.hostId)}`;
    }
    const entries = (await this.entries(jobId)).filter(({ executionId }) => executionId === id);
    const names = entries.flatMap(({ hostId }) => nameOf(hostId) ?? []);
    return ['job', jobId, names.join('+')].filter((part) => part !== '').join(' ');
  }

  #unit(id: string): Unit {
    const unit = this.#units.get(id);
    if (!unit) throw new Error(`no dispatcher ${id} runs`);
    return unit;
  }
}
