import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLog, journalFileName, type ControlType, type EntryState, type WaitReason } from '@autotest/core';
import { bundleControl, bundleToJson } from '@autotest/core/bundle';
import {
  openDatabase,
  type Database,
  type EntryRow,
  type ExecutionRow,
  type HostRow,
  type JobRow,
  type LeaseRow,
  type NewJob,
} from '@autotest/core/db';
import { isSameProcess, readJournal } from '@autotest/core/node';
import { newJob } from '@autotest/core/testing';
import { expect } from 'vitest';
import { startDispatcher, type Dispatcher, type DispatcherLimits, type DispatcherOptions } from '@autotest/dispatcher';

const fakeAutoserv = fileURLToPath(new URL('fixtures/fake-autoserv.mjs', import.meta.url));
const program = fileURLToPath(new URL('../bin/autotest-dispatcher.js', import.meta.url));
const dispatcherProgram = fileURLToPath(new URL('fixtures/dispatcher.mjs', import.meta.url));
const patienceMs = 60_000;

const limits: Partial<DispatcherLimits> = {
  pollMs: 1000,
  heartbeatMs: 500,
  abortGraceMs: 500,
  killGraceMs: 500,
  gatherMs: 20_000,
};

/** What is special about a job. */
export interface JobWish extends Partial<NewJob> {
  /** What the fake autoserv does: `pass`, `fail`, `forever`, `deaf`, `die`, `die-before`, `disk-full`. */
  readonly fake?: string;
  /** A file for which the job waits. */
  readonly gate?: string;
  readonly type?: ControlType;
}

/** A data directory with a SQLite database, hosts, jobs, and dispatchers with the fake autoserv. Everything is gone after `close`. */
export class Lab {
  readonly dataDir: string;
  readonly url: string;
  readonly database: Database;
  readonly log: string[] = [];
  readonly #dispatchers: Dispatcher[] = [];
  readonly #children: ChildProcess[] = [];

  private constructor(dataDir: string, url: string, database: Database) {
    this.dataDir = dataDir;
    this.url = url;
    this.database = database;
  }

  /** @param url of a database server; a SQLite file unless given */
  static async open(url?: string): Promise<Lab> {
    const dataDir = mkdtempSync(join(tmpdir(), 'dispatcher-lab-'));
    const used = url ?? `sqlite:${join(dataDir, 'autotest.db')}`;
    return new Lab(dataDir, used, await openDatabase(used, { migrate: true }));
  }

  async startDispatcher(
    changed: Partial<DispatcherLimits> = {},
    dispatcherId?: string,
    told: Pick<DispatcherOptions, 'metrics' | 'health' | 'tracing'> = {},
  ): Promise<Dispatcher> {
    const dispatcher = await startDispatcher({
      database: this.database,
      dataDir: this.dataDir,
      autoservPath: fakeAutoserv,
      log: createLog({ level: 'debug', write: (line) => this.log.push(line) }),
      limits: { ...limits, ...changed },
      ...(dispatcherId !== undefined && { dispatcherId }),
      ...told,
    });
    this.#dispatchers.push(dispatcher);
    return dispatcher;
  }

  /** A dispatcher of its own process, which can be killed. */
  startProcess(...args: string[]): ChildProcess {
    const child = spawn(
      process.execPath,
      [
        program,
        '--data',
        this.dataDir,
        '--database',
        this.url,
        '--autoserv',
        fakeAutoserv,
        '--log-level',
        'debug',
        ...args,
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    child.stderr?.setEncoding('utf8').on('data', (text: string) => this.log.push(...text.split('\n').filter(Boolean)));
    this.#children.push(child);
    return child;
  }

  /** A dispatcher of its own process with its own limits. */
  startWithLimits(id: string, special: Partial<DispatcherLimits>): ChildProcess {
    const options = { id, url: this.url, dataDir: this.dataDir, autoserv: fakeAutoserv, limits: special };
    const child = spawn(process.execPath, [dispatcherProgram, JSON.stringify(options)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => this.log.push(...text.split('\n').filter(Boolean)));
    this.#children.push(child);
    return child;
  }

  addHost(
    name: string,
    attributes: Record<string, string> = {},
    more: { labels?: string[]; protection?: HostRow['protection'] } = {},
  ): Promise<HostRow> {
    return this.database.hosts.add(
      { name, transport: 'local', address: 'localhost', port: 0, user: 'tester', attributes, ...more },
      'tester',
    );
  }

  async submit(wish: JobWish = {}): Promise<{ job: JobRow; entries: EntryRow[] }> {
    const { fake, gate, type = 'client', ...job } = wish;
    const source = `import { defineControl } from '@autotest/core';
export default defineControl({ name: 'fake', author: 'T <t@example.org>', doc: 'Does nothing.', type: 'client', async run() {} });
`;
    const bundle = await bundleControl({ fileName: 'fake.ts', source });
    const { hash, fileName, sizeBytes, metadata } = bundle;
    await this.database.bundles.put({ hash, fileName, source, json: bundleToJson(bundle), sizeBytes });
    return this.database.jobs.submit(
      newJob({
        name: 'fake',
        owner: 'tester',
        bundleHash: hash,
        metadata: { ...metadata, type },
        params: { ...(fake !== undefined && { fake }), ...(gate !== undefined && { gate }) },
        timeoutMs: 3_600_000,
        maxRuntimeMs: 3_600_000,
        // What ends for the lab's sake stays ended, unless a test is about trying again.
        infraRetries: 0,
        ...job,
      }),
    );
  }

  /** A file that lets jobs with this `gate` go on when it is opened. */
  gate(): { readonly path: string; open(): void } {
    const path = join(this.dataDir, `gate-${Math.random().toString(36).slice(2)}`);
    return { path, open: () => writeFileSync(path, '') };
  }

  async until<T>(what: string, look: () => Promise<T | undefined | false>, waitMs = patienceMs): Promise<T> {
    const end = Date.now() + waitMs;
    for (;;) {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      if (Date.now() > end) throw new Error(`${what} did not come about:\n${this.log.slice(-60).join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Leases that somebody holds. */
  async heldLeases(): Promise<LeaseRow[]> {
    return (await this.database.scheduling.load()).leases.filter(({ holder }) => holder !== undefined);
  }

  /** Why an entry waits in the queue. */
  async reasonOf(entry: EntryRow | undefined): Promise<WaitReason | undefined> {
    const waitId = entry?.waitId;
    return waitId === undefined ? undefined : (await this.database.lookup.waits([waitId])).get(waitId)?.reason;
  }

  entries(jobId: number): Promise<EntryRow[]> {
    return this.database.jobs.entries(jobId);
  }

  /** The entries when all of them have come to this state. */
  untilAll(jobId: number, state: EntryState): Promise<EntryRow[]> {
    return this.until(`job ${jobId} ${state}`, async () => {
      const entries = await this.entries(jobId);
      return entries.every((entry) => entry.state === state) && entries;
    });
  }

  host(name: string): Promise<HostRow> {
    return this.until(`host ${name}`, () => this.database.hosts.byName(name));
  }

  untilHost(name: string, state: HostRow['state']): Promise<HostRow> {
    return this.until(`host ${name} ${state}`, async () => {
      const host = await this.database.hosts.byName(name);
      return host?.state === state && host;
    });
  }

  /** Purposes for which autoserv went to work in the execution's directory. */
  starts(execution: ExecutionRow | undefined): string[] {
    const file = join(execution?.resultsDir ?? '', 'starts.log');
    if (!existsSync(file)) return [];
    return readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line) => line.split(' ')[0] || []);
  }

  /** Each record of the journal is in the rows once. */
  async expectWhole(execution: ExecutionRow | undefined): Promise<void> {
    if (!execution) throw new Error('there is no execution');
    const { records } = readJournal(join(execution.resultsDir, journalFileName), 0);
    expect(records.map(({ seq }) => seq)).toEqual(records.map((_, index) => index + 1));
    expect(execution.journalSeq).toBe(records.length);
    const nodes = await this.database.results.nodes({ executionId: execution.id });
    expect(nodes.filter(({ path }) => path === 'one')).toHaveLength(1);
  }

  async close(): Promise<void> {
    for (const child of this.#children) await killAndWait(child);
    for (const dispatcher of this.#dispatchers) await dispatcher.stop();
    const { executions } = await this.database.scheduling.load();
    for (const execution of executions) if (isAlive(execution)) killExecution(execution);
    await this.database.close();
    rmSync(this.dataDir, { recursive: true, force: true, maxRetries: 10 });
    // A dispatcher gets over most errors; that there was one is a failure all the same.
    expect(this.log.filter((line) => line.includes(' ERROR '))).toEqual([]);
  }
}

/** Whether the process of an execution lives. */
export function isAlive(execution: ExecutionRow | undefined): boolean {
  return execution?.pid !== undefined && isSameProcess(execution.pid, execution.pidStartTicks);
}

/** Kills the process of an execution, as the kernel does when memory is short. */
export function killExecution(execution: ExecutionRow | undefined): void {
  if (execution?.pid === undefined || !isAlive(execution)) throw new Error('the execution has no living process');
  process.kill(execution.pid, 'SIGKILL');
}

/** Ends a process that may have ended already. */
export async function killAndWait(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill(signal);
  await gone;
}
