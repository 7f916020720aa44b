import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { connect, type Connection } from '@autotest/graphql/client';

const bin = fileURLToPath(new URL('../../packages/cli/dist/bin.js', import.meta.url));

/** `autotest up` in a process and a directory of its own, with this machine as host `localhost`. */
export interface Product {
  readonly api: Connection;
  /** From the start of the process until it answered, ms. */
  readonly startMs: number;
  stop(): Promise<void>;
}

export async function startProduct(): Promise<Product> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-product-'));
  const data = join(directory, 'data');
  const env = {
    PATH: process.env.PATH,
    HOME: directory,
    TMPDIR: directory,
    USER: process.env.USER ?? 'bench',
    LANG: 'C.UTF-8',
    NODE_ENV: 'production',
  };
  const startedAt = performance.now();
  const child = spawn(process.execPath, [bin, 'up', '--data', data, '--port', '0'], {
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  while (!output.includes('Log in once')) {
    if (child.exitCode !== null) throw new Error(`autotest up ended: ${output}`);
    await delay(5);
  }
  const startMs = performance.now() - startedAt;
  const { url, token } = JSON.parse(readFileSync(join(data, 'server.json'), 'utf8')) as { url: string; token: string };
  const api = connect({ url, token });
  return {
    api,
    startMs,
    async stop() {
      await api.close();
      child.kill('SIGTERM');
      if (child.exitCode === null) await new Promise((resolve) => child.once('exit', resolve));
      rmSync(directory, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 });
    },
  };
}
