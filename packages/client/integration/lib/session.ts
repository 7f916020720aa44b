import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ResultTree, type ClientSessionSpec, type FollowFrame, type JournalRecord } from '@autotest/core';
import { isSameProcess, readJournal } from '@autotest/core/node';
import { clientBundlePath } from '../../src/bundle-path.ts';

export interface SessionInput {
  /** Body of `async run(job, params)` of the control file. */
  readonly run: string;
  /** Test modules of the bundle by name; the control file names them `./<name>`. */
  readonly modules?: Readonly<Record<string, string>>;
  readonly params?: ClientSessionSpec['params'];
  readonly spec?: Partial<ClientSessionSpec>;
  readonly onUnexpectedReboot?: 'continue' | 'retry' | 'stop';
}

export interface Followed {
  readonly files: Map<string, Buffer>;
  readonly frames: FollowFrame[];
  readonly end: Extract<FollowFrame, { type: 'end' }> | undefined;
}

const made: TestSession[] = [];

/** Sets up a session for the built client. Everything is ended and deleted by `cleanUpSessions`. */
export function makeSession(input: SessionInput): TestSession {
  const session = new TestSession(input);
  made.push(session);
  return session;
}

/** For `afterEach`. */
export async function cleanUpSessions(): Promise<void> {
  for (const session of made.splice(0)) await session.dispose();
}

export class TestSession {
  readonly base = mkdtempSync(join(tmpdir(), 'autotest-client-'));
  readonly dir = join(this.base, 'session');
  readonly resultsDir = join(this.dir, 'results');
  readonly #pids: { pid: number; startTicks: string }[] = [];

  constructor({ run, modules = {}, params = {}, spec = {}, onUnexpectedReboot }: SessionInput) {
    const bundle = join(this.base, 'bundle');
    mkdirSync(bundle);
    mkdirSync(this.dir);
    const control = `export default { name: 'inline', type: 'client', async run(job, params) {\n${run}\n} };\n`;
    writeFileSync(join(bundle, 'control.mjs'), control);
    const paths: Record<string, string> = {};
    for (const [name, text] of Object.entries(modules)) {
      paths[name] = join(bundle, name);
      mkdirSync(dirname(paths[name]), { recursive: true });
      writeFileSync(paths[name], text);
    }
    const session: ClientSessionSpec = {
      version: 1,
      tag: 'local',
      hostname: 'here',
      epoch: 7,
      control: {
        name: 'inline',
        type: 'client',
        entry: join(bundle, 'control.mjs'),
        modules: paths,
        ...(onUnexpectedReboot && { onUnexpectedReboot }),
      },
      params,
      testDirs: [],
      resultsDir: this.resultsDir,
      cacheDir: join(this.base, 'cache'),
      reboot: 'simulate',
      maxResultsBytes: 1024 ** 3,
      ...spec,
    };
    writeFileSync(join(this.dir, 'session.json'), JSON.stringify(session));
  }

  /** Runs one of the short commands and gives its JSON line. */
  command(name: 'start' | 'stop' | 'clean', ...args: string[]): Record<string, unknown> {
    const { stdout, stderr, status } = spawnSync(
      process.execPath,
      [clientBundlePath, name, '--session', this.dir, ...args],
      { encoding: 'utf8', timeout: 60_000 },
    );
    if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`);
    const value: Record<string, unknown> = JSON.parse(stdout);
    return value;
  }

  start(): Record<string, unknown> {
    const result = this.command('start');
    const identity = this.client();
    if (identity) this.#pids.push(identity);
    return result;
  }

  client(): { pid: number; startTicks: string } | undefined {
    const file = join(this.dir, 'client.pid');
    return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
  }

  /** Waits until the client is gone; gives its exit code, undefined when it was killed. */
  async ended(): Promise<number | undefined> {
    const client = this.client();
    await until(() => !client || !isSameProcess(client.pid, client.startTicks), 'the client ends');
    const file = join(this.dir, 'client.exit');
    const exit: { exitCode?: number } = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
    return exit.exitCode;
  }

  /** Starts the client and starts it again after each reboot it asks for; gives the last exit code. */
  async run(): Promise<number | undefined> {
    for (let round = 0; round < 10; round++) {
      this.start();
      const exitCode = await this.ended();
      if (exitCode !== 5) return exitCode;
    }
    throw new Error('it rebooted ten times');
  }

  async killClient(): Promise<void> {
    const client = this.client();
    if (client) process.kill(client.pid, 'SIGKILL');
    await this.ended();
  }

  records(): JournalRecord[] {
    const records: JournalRecord[] = [];
    for (let offset = 0; ;) {
      const chunk = readJournal(join(this.resultsDir, 'journal.ndjson'), offset);
      if (chunk.problems.length > 0) throw new Error(chunk.problems[0]?.message);
      records.push(...chunk.records);
      if (!chunk.more) return records;
      offset = chunk.nextOffset;
    }
  }

  tree(): ResultTree {
    const tree = new ResultTree();
    for (const record of this.records()) tree.apply(record);
    return tree;
  }

  /** `path: outcome` of each node, in order. */
  outcomes(): string[] {
    return [...this.tree().nodes()].map(({ path, outcome }) => `${path}: ${outcome ?? 'running'}`);
  }

  reason(path: string): string | undefined {
    return this.tree().node(path)?.reason;
  }

  file(path: string): string {
    return readFileSync(join(this.resultsDir, path), 'utf8');
  }

  has(path: string): boolean {
    return existsSync(join(this.resultsDir, path));
  }

  /** Follows until the end, or until `enough` says so; then the stream is cut. */
  follow(have: Readonly<Record<string, number>> = {}, enough?: (soFar: Followed) => boolean): Promise<Followed> {
    return follow(this.dir, have, enough);
  }

  async dispose(): Promise<void> {
    if (existsSync(this.dir)) this.command('clean', '--grace', '0');
    for (const { pid, startTicks } of this.#pids) if (isSameProcess(pid, startTicks)) process.kill(pid, 'SIGKILL');
    rmSync(this.base, { recursive: true, force: true });
  }
}

function follow(
  dir: string,
  have: Readonly<Record<string, number>>,
  enough: ((soFar: Followed) => boolean) | undefined,
): Promise<Followed> {
  const child = spawn(process.execPath, [clientBundlePath, 'follow', '--session', dir]);
  child.stdin.write(`${JSON.stringify({ have })}\n`);
  const files = new Map<string, Buffer>();
  const frames: FollowFrame[] = [];
  let end: Followed['end'];
  let buffer = Buffer.alloc(0);
  let expected: Extract<FollowFrame, { type: 'data' }> | undefined;
  const take = (): void => {
    for (;;) {
      if (expected) {
        if (buffer.length < expected.length) return;
        const before = expected.replace ? Buffer.alloc(0) : (files.get(expected.path) ?? Buffer.alloc(0));
        files.set(expected.path, Buffer.concat([before, buffer.subarray(0, expected.length)]));
        buffer = buffer.subarray(expected.length);
        expected = undefined;
      }
      const newline = buffer.indexOf(10);
      if (newline === -1) return;
      const frame: FollowFrame = JSON.parse(buffer.toString('utf8', 0, newline));
      buffer = buffer.subarray(newline + 1);
      frames.push(frame);
      if (frame.type === 'data') expected = frame;
      if (frame.type === 'end') end = frame;
    }
  };
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), 60_000);
    child.stdout.on('data', (chunk: Buffer) => {
      buffer = Buffer.concat([buffer, chunk]);
      take();
      if (enough?.({ files, frames, end })) child.kill('SIGKILL');
    });
    child.once('error', reject);
    child.once('close', () => {
      clearTimeout(timer);
      resolve({ files, frames, end });
    });
  });
}

/** Waits for a condition. */
export async function until(condition: () => boolean, what: string, timeoutMs = 60_000): Promise<void> {
  const giveUpAt = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > giveUpAt) throw new Error(`waited too long until ${what}`);
    await delay(10);
  }
}

/** Whether a process whose environment names this session's directory lives. */
export function processesOf(dir: string): number {
  const { stdout } = spawnSync('/bin/sh', ['-c', `grep -lsa 'AUTOTEST_SESSION=${dir}' /proc/[0-9]*/environ | wc -l`], {
    encoding: 'utf8',
  });
  return Number(stdout);
}
