import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { messageOf } from '../errors/autotest-error.ts';
import { TestServiceError } from './errors.ts';
import { findServices } from './services.ts';

/** A MariaDB server of a test. */
export interface TestMariaDb {
  /** URL of a database that does not exist yet; each call names another one. */
  newUrl(): string;
  readonly host: string;
  readonly port: number;
  readonly pid: number;
  /** Ends the server at once, as a crash does. Its files stay. */
  crash(): Promise<void>;
  /** Starts a server that crashed again, on the same port. */
  restart(): Promise<void>;
  /** Stops the server and deletes its files. */
  stop(): Promise<void>;
}

const run = promisify(execFile);
const host = '127.0.0.1';
const startLimitMs = 60_000;
const stopLimitMs = 10_000;

/**
 * Starts a MariaDB server of one's own, with its files in a temporary directory and without durability (`durable`, for benchmarks: as servers come), on a free port of the loopback interface. User `root`, no password.
 *
 * @throws TestServiceError where MariaDB is not installed or does not start.
 */
export async function startMariaDb({ durable = false } = {}): Promise<TestMariaDb> {
  const { mariadbd, mariadbInstallDb } = findServices();
  if (mariadbd === undefined || mariadbInstallDb === undefined)
    throw new TestServiceError('MariaDB', 'mariadbd or mariadb-install-db is not installed; install mariadb-server.');
  const directory = await mkdtemp(join(tmpdir(), 'autotest-mariadb-'));
  // As root the server runs as its own user, who must reach its files.
  const isRoot = process.getuid?.() === 0;
  await chmod(directory, isRoot ? 0o711 : 0o700);
  const common = ['--no-defaults', ...(isRoot ? ['--user=mysql'] : [])];
  const data = join(directory, 'data');
  try {
    const setup = [...common, `--datadir=${data}`, '--auth-root-authentication-method=normal', '--skip-test-db'];
    await run(mariadbInstallDb, setup, { timeout: startLimitMs });
    const port = await freePort();
    const start = async (): Promise<ChildProcess> => {
      const server = spawn(
        mariadbd,
        [
          ...common,
          `--datadir=${data}`,
          `--socket=${join(data, 's')}`,
          `--port=${port}`,
          `--bind-address=${host}`,
          `--pid-file=${join(data, 'pid')}`,
          `--log-error=${join(data, 'error.log')}`,
          `--innodb-flush-log-at-trx-commit=${durable ? 1 : 0}`,
          `--innodb-buffer-pool-size=${durable ? '1G' : '64M'}`,
          '--performance-schema=OFF',
        ],
        { stdio: 'ignore' },
      );
      await waitUntilItListens(server, port, join(data, 'error.log'));
      return server;
    };
    let child = await start();
    let databases = 0;
    return {
      host,
      port,
      get pid() {
        return child.pid ?? 0;
      },
      newUrl: () => `mysql://root@${host}:${port}/autotest_${++databases}`,
      async crash() {
        const exit = once(child, 'exit');
        child.kill('SIGKILL');
        await exit;
      },
      async restart() {
        child = await start();
      },
      async stop() {
        await end(child);
        await rm(directory, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(directory, { recursive: true, force: true });
    if (error instanceof TestServiceError) throw error;
    throw new TestServiceError('MariaDB', messageOf(error), error);
  }
}

async function waitUntilItListens(child: ChildProcess, port: number, log: string): Promise<void> {
  let spawnError: Error | undefined;
  child.on('error', (error) => (spawnError = error));
  const limit = Date.now() + startLimitMs;
  while (Date.now() < limit) {
    if (spawnError || child.exitCode !== null || child.signalCode !== null) break;
    if (await answers(port)) return;
    await sleep(50);
  }
  await end(child);
  const said = await readFile(log, 'utf8').catch(() => '');
  throw new TestServiceError('MariaDB', `it does not answer. ${said.slice(-2000)}`, spawnError);
}

/** A server greets whoever connects. */
async function answers(port: number): Promise<boolean> {
  const socket = connect({ host, port });
  try {
    await once(socket, 'data', { signal: AbortSignal.timeout(2000) });
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), stopLimitMs);
  await exit;
  clearTimeout(timer);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, host);
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new TestServiceError('MariaDB', 'no free port was found.');
  return address.port;
}
