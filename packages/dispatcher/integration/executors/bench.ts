import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createLog, journalFileName, type ExecutionSpec, type JournalRecord, type Purpose } from '@autotest/core';
import { bundleControl, writeBundle } from '@autotest/core/bundle';
import type { Database, ExecutionRow } from '@autotest/core/db';
import { isSameProcess, readJournal } from '@autotest/core/node';
import { makeTestDatabase } from '@autotest/core/testing';
import { compileOptions, type ExecutionOptions, type Settings } from '../../src/options.ts';
import { Supervision, type RunEnd } from '../../src/supervise/supervision.ts';

const autoserv = fileURLToPath(new URL('../../../autoserv/dist/autoserv.mjs', import.meta.url));
const patienceMs = 60_000;

/** An execution that is watched. */
export interface Watched {
  readonly supervision: Supervision;
  readonly end: Promise<RunEnd | undefined>;
  /** The row as the database would have it by now. */
  row(): ExecutionRow;
}

/** The real autoserv, executions of server control files without hosts, and supervisions that watch them. */
export class ExecutionBench {
  readonly dir = mkdtempSync(join(tmpdir(), 'executors-'));
  /** Of this machine alone. */
  readonly runDir = join(this.dir, 'run');
  readonly log: string[] = [];
  readonly database: Database;
  readonly #options: ExecutionOptions;
  readonly #started: ExecutionRow[] = [];
  readonly #settings: Settings[] = [];
  #count = 0;

  private constructor(database: Database, options: ExecutionOptions) {
    this.database = database;
    this.#options = options;
    mkdirSync(join(this.runDir, 'sockets'), { recursive: true });
  }

  static async open(options: ExecutionOptions): Promise<ExecutionBench> {
    return new ExecutionBench(await makeTestDatabase(), options);
  }

  /** Settings of a dispatcher; each call is one more dispatcher. */
  settings(changed: ExecutionOptions = {}, autoservPath = autoserv): Settings {
    const settings = compileOptions({
      database: this.database,
      dataDir: this.dir,
      dispatcherId: 'd1',
      autoservPath,
      log: createLog({ level: 'debug', write: (line) => this.log.push(line) }),
      limits: { abortGraceMs: 15_000, killGraceMs: 5000 },
      execution: { ...this.#options, ...changed },
    });
    mkdirSync(settings.compileCacheDir, { recursive: true });
    this.#settings.push(settings);
    return settings;
  }

  /** An execution with its results directory. @param body of the server control file */
  async execution(body: string, purpose: Purpose = 'job'): Promise<ExecutionRow> {
    this.#count += 1;
    const resultsDir = join(this.dir, 'results', `${this.#count}`);
    const bundle = await bundleControl({
      fileName: 'control.ts',
      source: `import { defineControl } from '@autotest/core';
import { existsSync, readFileSync } from 'node:fs';
export default defineControl({ name: 'probe', author: 'me', doc: 'A test.', type: 'server', async run(job) { ${body} } });
`,
    });
    const bundleDir = join(this.dir, `bundle-${this.#count}`);
    await writeBundle(bundle, bundleDir);
    const row = await this.database.scheduling.write((w) =>
      w.addExecution({
        purpose,
        attempt: 1,
        epoch: 1,
        tag: `${this.#count}-me/hostless`,
        resultsDir,
        socketPath: join(this.runDir, 'sockets', `${this.#count}-${Math.random().toString(36).slice(2)}.sock`),
        dispatcherId: 'd1',
        executor: this.#options.executor ?? 'local',
      }),
    );
    if (!row) throw new Error('the execution was not made');
    const { hash: bundleHash, entry, modules } = bundle;
    const spec: ExecutionSpec = {
      version: 1,
      executionId: row.id,
      tag: row.tag,
      purpose,
      attempt: 1,
      epoch: 1,
      resultsDir,
      socketPath: row.socketPath,
      job: {
        id: 1,
        name: 'probe',
        owner: 'me',
        controlType: 'server',
        bundleDir,
        bundleHash,
        entry,
        modules,
        params: {},
        keyvals: {},
      },
      hosts: [],
      limits: { reconnectMs: 1000, maxResultsBytes: 1e9 },
    };
    mkdirSync(resultsDir, { recursive: true });
    writeFileSync(join(resultsDir, 'execution.json'), JSON.stringify(spec));
    return row;
  }

  watch(settings: Settings, execution: ExecutionRow): Watched {
    let row = execution;
    const supervision = new Supervision({ ...settings, isMember: () => true }, execution, execution, {
      prepare: async () => {},
      started: async (pid, startTicks, externalId) => {
        row = {
          ...row,
          state: 'starting',
          ...(pid > 0 && { pid }),
          ...(startTicks !== undefined && { pidStartTicks: startTicks }),
          ...(externalId !== undefined && { externalId }),
        };
        this.#started.push(row);
        return row;
      },
      greeted: async (pid) => (row = { ...row, state: 'running', ...(pid > 0 && { pid }) }),
    });
    return { supervision, end: supervision.run(), row: () => row };
  }

  /** A process that starts an execution as a dispatcher does, says its pid on stdout, and waits to be killed. */
  startOne(execution: ExecutionRow, options: ExecutionOptions): ChildProcess {
    const file = fileURLToPath(new URL('start-one.ts', import.meta.url));
    const args = ['--conditions=@autotest/source', file, JSON.stringify({ dir: this.dir, execution, options })];
    return spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  }

  async kill(child: ChildProcess): Promise<void> {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
  }

  /** A file that the body of a control file can wait for: `await ${gate.wait}`. */
  gate(): { readonly wait: string; open(): void } {
    const file = join(this.dir, `gate-${Math.random().toString(36).slice(2)}`);
    return {
      wait: `(async () => {
        while (!job.signal.aborted && !existsSync(${JSON.stringify(file)})) await new Promise((r) => setTimeout(r, 20));
        job.signal.throwIfAborted();
      })()`,
      open: () => writeFileSync(file, ''),
    };
  }

  records({ resultsDir }: ExecutionRow): JournalRecord[] {
    const file = join(resultsDir, journalFileName);
    return existsSync(file) ? [...readJournal(file, 0).records] : [];
  }

  read({ resultsDir }: ExecutionRow, path: string): string {
    return readFileSync(join(resultsDir, path), 'utf8');
  }

  async until<T>(what: string, look: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
    const end = Date.now() + patienceMs;
    for (;;) {
      const found = await look();
      if (found !== undefined && found !== false) return found;
      if (Date.now() > end) throw new Error(`${what} did not come about:\n${this.log.slice(-60).join('\n')}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Waits until the control file of an execution runs. */
  untilRunning(execution: ExecutionRow): Promise<true> {
    return this.until('the control file', () =>
      this.records(execution).some((record) => record.kind === 'phase' && record.phase === 'running'),
    );
  }

  async close(): Promise<void> {
    for (const settings of this.#settings) await settings.executors.close();
    for (const { pid, pidStartTicks } of this.#started)
      if (pid !== undefined && isSameProcess(pid, pidStartTicks)) process.kill(-pid, 'SIGKILL');
    await this.database.close();
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }
}
