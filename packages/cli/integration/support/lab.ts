import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connect, type Connection } from '@autotest/graphql/client';
import { expect, onTestFinished } from 'vitest';

const bin = fileURLToPath(new URL('../../dist/bin.js', import.meta.url));

/** How a command of the CLI went. */
export interface Ran {
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One part of the product as a process of its own. */
export interface Part {
  readonly pid: number;
  /** What it wrote so far. */
  output(): string;
  /** Ends it and waits until it is gone. */
  end(signal?: NodeJS.Signals): Promise<number | null>;
}

/**
 * An installation of the product for one test: a server process and a dispatcher process on a data directory of their own, ended and deleted with the test. A test
 * fails if one of its processes is left.
 */
export interface Lab {
  /** Everything of this lab is below it. */
  readonly root: string;
  readonly dataDir: string;
  /** Directory for files of the test. */
  readonly workDir: string;
  readonly url: string;
  readonly api: Connection;
  readonly server: Part;
  dispatcher: Part;
  startDispatcher(): Promise<Part>;
  /** Runs `autotest …` against this lab to its end. */
  cli(...args: string[]): Promise<Ran>;
  /** Starts `autotest …` without waiting. */
  cliStart(...args: string[]): { readonly child: ChildProcess; readonly done: Promise<Ran> };
  /** Writes a control file (or several, by relative path); gives the path of the first. */
  write(files: Readonly<Record<string, string>>): string;
}

export async function startLab(
  options: {
    database?: string;
    dispatcher?: boolean;
    /** The dispatcher has a data directory of its own, as on another machine, and serves its results. */
    elsewhere?: boolean;
    /** For all its processes. */
    env?: NodeJS.ProcessEnv;
  } = {},
): Promise<Lab> {
  const root = mkdtempSync(join(tmpdir(), 'autotest-lab-'));
  const dataDir = join(root, 'data');
  const workDir = join(root, 'work');
  mkdirSync(workDir, { recursive: true });
  const environment = { ...labEnvironment(root, dataDir), ...options.env };
  const parts: Part[] = [];
  const running: ChildProcess[] = [];
  let api: Connection | undefined;
  const { database = `sqlite:${join(dataDir, 'autotest.db')}` } = options;
  const databaseArguments = options.database === undefined && !options.elsewhere ? [] : ['--database', database];

  onTestFinished(async ({ task }) => {
    await api?.close();
    for (const child of running) child.kill('SIGKILL');
    for (const part of parts.toReversed()) await part.end('SIGTERM');
    const left = processesNaming(root);
    for (const { pid } of left) process.kill(pid, 'SIGKILL');
    if (task.result?.state === 'fail') console.error(parts.map((part) => part.output()).join('\n--\n'));
    rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    expect(left, 'processes left behind').toEqual([]);
  });

  const start = async (args: string[], ready: RegExp, data = dataDir): Promise<Part> => {
    const part = startPart([bin, ...args, '--data', data, ...databaseArguments], environment);
    parts.push(part);
    await waitFor(
      () => ready.test(part.output()) || hasEnded(part.pid),
      `${args[0]} to start`,
      () => part.output(),
    );
    return part;
  };

  const server = await start(['server', '--port', '0'], /Log in once/);
  const { url, token } = JSON.parse(readFileSync(join(dataDir, 'server.json'), 'utf8')) as {
    url: string;
    token: string;
  };
  api = connect({ url, token });
  const startDispatcher = () =>
    options.elsewhere
      ? start(['dispatcher', '--results-port', '0'], /dispatcher works/, join(root, 'elsewhere'))
      : start(['dispatcher'], /dispatcher works/);
  const cliStart: Lab['cliStart'] = (...args) => {
    const child = spawn(process.execPath, [bin, ...args], {
      env: environment,
      cwd: workDir,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running.push(child);
    return { child, done: collect(child) };
  };
  const lab: Lab = {
    root,
    dataDir,
    workDir,
    url,
    api,
    server,
    dispatcher: options.dispatcher === false ? server : await startDispatcher(),
    async startDispatcher() {
      lab.dispatcher = await startDispatcher();
      return lab.dispatcher;
    },
    cli: (...args) => cliStart(...args).done,
    cliStart,
    write(files) {
      const paths = Object.entries(files).map(([path, text]) => {
        const file = join(workDir, path);
        mkdirSync(dirname(file), { recursive: true });
        writeFileSync(file, text);
        return file;
      });
      return paths[0] ?? workDir;
    },
  };
  return lab;
}

/** Waits until something holds; a generous limit, since machines are slow at times. Fails with `what`. */
export async function waitFor<T>(
  probe: () => T | Promise<T>,
  what: string,
  more: () => string = () => '',
  limitMs = 60_000,
): Promise<NonNullable<T>> {
  const end = Date.now() + limitMs;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > end) throw new Error(`Waited ${limitMs / 1000} s for ${what}. ${more()}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

/** Command lines of processes that name a path, this one left out. */
export function processesNaming(path: string): { pid: number; command: string }[] {
  return allProcesses().filter(({ pid, command }) => pid !== process.pid && command.includes(path));
}

function allProcesses(): { pid: number; command: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
        return command === '' ? [] : [{ pid: Number(name), command }];
      } catch {
        return [];
      }
    });
}

function labEnvironment(root: string, dataDir: string): NodeJS.ProcessEnv {
  const { PATH, LANG, USER, NODE_COMPILE_CACHE } = process.env;
  const home = join(root, 'home');
  mkdirSync(home, { recursive: true });
  const temporary = join(root, 'tmp');
  mkdirSync(temporary, { recursive: true });
  return {
    PATH,
    LANG: LANG ?? 'C.UTF-8',
    TMPDIR: temporary,
    HOME: home,
    USER: USER ?? 'tester',
    AUTOTEST_DATA: dataDir,
    NO_COLOR: '1',
    NODE_COMPILE_CACHE,
  };
}

function startPart(args: string[], env: NodeJS.ProcessEnv): Part {
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const add = (chunk: Buffer) => {
    output += chunk.toString();
  };
  child.stdout.on('data', add);
  child.stderr.on('data', add);
  const gone = new Promise<number | null>((resolve) => child.once('exit', resolve));
  return {
    pid: child.pid ?? 0,
    output: () => output,
    async end(signal = 'SIGTERM') {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      return gone;
    },
  };
}

function hasEnded(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
}

async function collect(child: ChildProcess): Promise<Ran> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const exitCode = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  return { exitCode, stdout, stderr };
}
