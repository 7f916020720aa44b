import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  contactFileName,
  ResultTree,
  type ExecutionLimits,
  type HostSpec,
  type JournalRecord,
  type Purpose,
  type RecordKind,
  type RecordOf,
  type SpecJob,
} from '@autotest/core';
import { bundleControl, writeBundle } from '@autotest/core/bundle';
import { readJournal } from '@autotest/core/node';
import type { SshdHost } from '@autotest/core/testing';

const program = fileURLToPath(new URL('../dist/autoserv.mjs', import.meta.url));

export interface RunOptions {
  /** Files by relative path; `control.ts` is the control file. */
  readonly files?: Readonly<Record<string, string>>;
  readonly purpose?: Purpose;
  readonly hosts?: readonly HostSpec[];
  readonly limits?: Partial<ExecutionLimits>;
  readonly env?: Readonly<Record<string, string>>;
  readonly epoch?: number;
  readonly reboot?: boolean;
  readonly image?: string;
  readonly traceParent?: string;
  /** Directory for the results directory. @default the lab's own */
  readonly resultsBelow?: string;
  /** Content of the contact file before autoserv starts. @default there is none */
  readonly contact?: string;
}

/** An autoserv process that carries out an execution. */
export interface Run {
  readonly process: ChildProcess;
  readonly resultsDir: string;
  readonly socketPath: string;
  readonly ended: Promise<{ readonly exitCode: number | null; readonly signal: string | null }>;
  records(): JournalRecord[];
  of<K extends RecordKind>(kind: K): RecordOf<K>[];
  tree(): ResultTree;
  read(path: string): string;
  /** Waits until a record is there. */
  until(what: string, test: (record: JournalRecord) => boolean): Promise<JournalRecord>;
  log(): string;
}

/** A directory of its own for the runs of one test; `dispose` ends what still runs and deletes all. */
export class Lab {
  readonly dir = mkdtempSync(join(tmpdir(), 'autoserv-test-'));
  /** Argument for `sleep` by which a test finds its own processes again. */
  readonly nap = `7${process.pid}.${Math.floor(Math.random() * 1e9)}`;
  readonly #children: ChildProcess[] = [];
  #count = 0;

  constructor() {
    mkdirSync(join(this.dir, 'home'));
    mkdirSync(join(this.dir, 'tmp'));
  }

  /** Where sessions of this machine are while they run. */
  get sessionsDir(): string {
    return join(this.dir, 'tmp', `autotest-${userInfo().uid}`, 'local', 'sessions');
  }

  localHost(name = 'here'): HostSpec {
    return host({ name, transport: 'local', address: 'localhost', port: 0, user: '' });
  }

  async run(options: RunOptions): Promise<Run> {
    this.#count += 1;
    const resultsDir = join(options.resultsBelow ?? this.dir, `results-${this.#count}`);
    mkdirSync(join(resultsDir, 'debug'), { recursive: true });
    const job = options.files && (await this.#bundle(options.files));
    const spec = {
      version: 1,
      executionId: this.#count,
      tag: `${this.#count}-me/here`,
      purpose: options.purpose ?? 'job',
      attempt: 1,
      epoch: options.epoch ?? 1,
      ...(options.reboot && { reboot: true }),
      ...(options.image !== undefined && { image: options.image }),
      resultsDir,
      socketPath: join(this.dir, `s${this.#count}`),
      ...(job && { job: { ...job, ...(options.traceParent !== undefined && { traceParent: options.traceParent }) } }),
      hosts: options.hosts ?? [this.localHost()],
      limits: { reconnectMs: 60_000, maxResultsBytes: 10 ** 9, ...options.limits },
    };
    writeFileSync(join(resultsDir, 'execution.json'), JSON.stringify(spec));
    if (options.contact !== undefined) writeFileSync(join(resultsDir, contactFileName), options.contact);
    return this.#start(resultsDir, spec.socketPath, join(resultsDir, 'execution.json'), options.env);
  }

  /** Starts autoserv once more for the same results directory, with another purpose. */
  async again(run: Run, change: { readonly purpose?: Purpose; readonly epoch?: number }): Promise<Run> {
    const spec = JSON.parse(run.read('execution.json')) as Record<string, unknown>;
    const file = join(this.dir, `again-${(this.#count += 1)}.json`);
    writeFileSync(file, JSON.stringify({ ...spec, ...change }));
    return this.#start(run.resultsDir, run.socketPath, file);
  }

  async dispose(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await gone;
    }
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
  }

  async #bundle(files: Readonly<Record<string, string>>): Promise<SpecJob> {
    const source = join(this.dir, `control-${this.#count}`);
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(source, path)), { recursive: true });
      writeFileSync(join(source, path), text);
    }
    const bundle = await bundleControl({ entryPath: join(source, 'control.ts') });
    const bundleDir = join(source, 'bundle');
    await writeBundle(bundle, bundleDir);
    const { hash: bundleHash, entry, modules, metadata } = bundle;
    const { name, type: controlType } = metadata;
    return { id: 7, name, owner: 'me', controlType, bundleDir, bundleHash, entry, modules, params: {}, keyvals: {} };
  }

  #start(resultsDir: string, socketPath: string, specFile: string, env: Readonly<Record<string, string>> = {}): Run {
    const child = spawn(process.execPath, [program, '--spec', specFile], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        HOME: join(this.dir, 'home'),
        TMPDIR: join(this.dir, 'tmp'),
        LANG: 'C.UTF-8',
        AUTOTEST_MIN_FREE_BYTES: '1000000',
        ...env,
      },
    });
    this.#children.push(child);
    let log = '';
    child.stdout.on('data', (chunk: Buffer) => (log += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
    const ended = new Promise<{ exitCode: number | null; signal: string | null }>((resolve) => {
      child.once('close', (exitCode, signal) => resolve({ exitCode, signal }));
    });
    const records = (): JournalRecord[] => readAll(join(resultsDir, 'journal.ndjson'));
    return {
      process: child,
      resultsDir,
      socketPath,
      ended,
      records,
      of: <K extends RecordKind>(kind: K) => records().filter((record): record is RecordOf<K> => record.kind === kind),
      tree: () => treeOf(records()),
      read: (path) => readFileSync(join(resultsDir, path), 'utf8'),
      log: () => log,
      until: (what, test) =>
        eventually(
          what,
          () => records().find(test),
          () =>
            `${log}\n${records()
              .map((record) => JSON.stringify(record))
              .join('\n')}`,
        ),
    };
  }
}

export function host(
  about: Partial<HostSpec> & Pick<HostSpec, 'name' | 'transport' | 'address' | 'port' | 'user'>,
): HostSpec {
  return { hostKeys: [], labels: [], attributes: { 'reboot-command': 'true' }, protection: 'none', ...about };
}

export function sshHost(sshd: SshdHost, about: Partial<HostSpec> = {}): HostSpec {
  const { name, address, port, user, keyFile, hostKey } = sshd;
  return host({ name, transport: 'ssh', address, port, user, keyFile, hostKeys: [hostKey], ...about });
}

export function treeOf(records: readonly JournalRecord[]): ResultTree {
  const tree = new ResultTree();
  for (const record of records) tree.apply(record);
  return tree;
}

/** Polls until there is a value. */
export async function eventually<T>(
  what: string,
  look: () => T | undefined,
  about: () => string = () => '',
): Promise<T> {
  const endsAt = Date.now() + 60_000;
  for (;;) {
    const value = look();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > endsAt) throw new Error(`${what} did not come. ${about()}`);
    await delay(20);
  }
}

/** True while a process whose command line holds this text runs on this machine. */
export function isRunning(text: string): boolean {
  return processesWith(text).length > 0;
}

export function processesWith(text: string): number[] {
  const self = process.pid;
  return readPids().filter((pid) => pid !== self && commandLine(pid).includes(text));
}

function readPids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

function readAll(file: string): JournalRecord[] {
  const records: JournalRecord[] = [];
  for (let offset = 0; ;) {
    const chunk = readJournal(file, offset);
    records.push(...chunk.records);
    if (!chunk.more) return records;
    offset = chunk.nextOffset;
  }
}

/** Text of a client control file with this body. */
export function clientControl(body: string, imports = ''): string {
  return control('client', body, imports);
}

export function serverControl(body: string, imports = ''): string {
  return control('server', body, imports);
}

function control(type: string, body: string, imports: string): string {
  return `import { defineControl } from '@autotest/core';
${imports}
export default defineControl({ name: 'probe', author: 'me', doc: 'A test.', type: '${type}', async run(job) { ${body} } });
`;
}
