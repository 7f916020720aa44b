import { existsSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { NotSupportedError, parseDuration, type Duration, type HostConsole } from '@autotest/core';
import { safeFileName } from '@autotest/core/node';
import type { OpenConsole } from '../console/open-console.ts';

const defaultTimeout: Duration = '1 minute';
const longestLog = 256 * 1024;

export interface HostConsoleOptions {
  readonly host: string;
  readonly resultsDir: string;
  readonly signal: AbortSignal;
  readonly console: () => OpenConsole | undefined;
  /** Runs one call as a durable step. */
  readonly step: <T>(name: string, fn: () => Promise<T>) => Promise<T>;
}

/** Console of a host as a server control file uses it: each call a durable step. Refuses where the host has no attribute `console`. */
export function makeHostConsole({ host, resultsDir, signal, console, step }: HostConsoleOptions): HostConsole {
  /** Place behind what the last `expect` matched. */
  let place = 0;
  const needed = (): OpenConsole => {
    const found = console();
    if (found) return found;
    throw new NotSupportedError(
      `Console of host ${host}`,
      'Set its attribute console to where it is, for example telnet://console-server.example:3001.',
    );
  };
  return {
    expect: (pattern, timeout = defaultTimeout) =>
      step(`expect ${String(pattern)}`, async () => {
        const match = await needed().matchFrom(place, pattern, { timeoutMs: parseDuration(timeout), signal });
        place = match.end;
        return match.text;
      }),
    send: (text) => step(`send ${JSON.stringify(text)}`, async () => needed().send(text, { signal })),
    log: () =>
      step('log', async () => {
        needed();
        const base = join(resultsDir, 'debug', `console.${safeFileName(host)}`);
        const parts = [`${base}.log`, `${base}.tail.1.log`, `${base}.tail.log`].filter((file) => existsSync(file));
        const texts = await Promise.all(parts.map(readEnd));
        return texts.join('').slice(-longestLog);
      }),
  };
}

async function readEnd(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { size } = await handle.stat();
    const length = Math.min(size, longestLog);
    const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
    return buffer.toString();
  } finally {
    await handle.close();
  }
}
