import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const bin = fileURLToPath(new URL('../../../cli/dist/bin.js', import.meta.url));

/** The whole product as `autotest up` starts it, with this machine as its host. */
export interface Product {
  readonly url: string;
  readonly loginLink: string;
  /** Ends it as Ctrl-C would. */
  stop(): Promise<void>;
  /** Starts it again on the same port and data. */
  start(): Promise<void>;
}

/** Starts the product for one test; it is ended and its data deleted with the test. */
export async function startProduct(): Promise<Product> {
  const root = mkdtempSync(join(tmpdir(), 'autotest-web-'));
  const environment = {
    PATH: process.env['PATH'] ?? '',
    LANG: 'C.UTF-8',
    HOME: root,
    XDG_DATA_HOME: join(root, 'data'),
    XDG_CONFIG_HOME: join(root, 'config'),
    XDG_STATE_HOME: join(root, 'state'),
    XDG_CACHE_HOME: join(root, 'cache'),
  };
  let child: ChildProcess | undefined;
  let output = '';

  onTestFinished(async ({ task }) => {
    await stop();
    if (task.result?.state === 'fail') console.error(output);
    rmSync(root, { recursive: true, force: true, maxRetries: 10, retryDelay: 200 });
  });

  async function start(port: string): Promise<void> {
    output = '';
    const started = spawn(process.execPath, [bin, 'up', '--port', port, '--data', join(root, 'data')], {
      env: environment,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child = started;
    for (const stream of [started.stdout, started.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output += chunk.toString();
      });
    }
    await until(
      () => /#\/login\?token=\S+/.test(output),
      () => `autotest up printed no login link: ${output}`,
    );
  }

  async function stop(): Promise<void> {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null) return;
    const ended = once(running, 'exit');
    running.kill('SIGTERM');
    const killer = setTimeout(() => running.kill('SIGKILL'), 20_000);
    await ended;
    clearTimeout(killer);
  }

  await start('0');
  const loginLink = /http\S+#\/login\?token=\S+/.exec(output)?.[0] ?? '';
  const url = new URL(loginLink).origin;
  return { url, loginLink, stop, start: () => start(new URL(url).port) };
}

async function until(isTrue: () => boolean, message: () => string): Promise<void> {
  const deadlineMs = Date.now() + 60_000;
  while (!isTrue()) {
    if (Date.now() > deadlineMs) throw new Error(message());
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
