import { connect } from 'node:net';
import { sleep } from '@autotest/core';
import { LabError } from './errors.ts';

export interface BannerOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** How long one try may take. A port that accepts is no sign of life: forwarders accept for machines that are down. */
const tryMs = 1000;

/** Waits until an SSH server sends its banner. @throws LabError after `timeoutMs` */
export async function waitBanner(name: string, address: string, port: number, options: BannerOptions): Promise<void> {
  const endMs = performance.now() + options.timeoutMs;
  while (!(await sendsBanner(address, port))) {
    if (performance.now() > endMs)
      throw new LabError(
        `Host ${name} does not answer at ${address}:${port} after ${options.timeoutMs} ms. See its console.`,
      );
    await sleep(20, options.signal === undefined ? {} : { signal: options.signal });
  }
}

/** Whether an SSH server says hello there, now. */
export function sendsBanner(address: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    const done = (found: boolean): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(found);
    };
    const timer = setTimeout(() => done(false), tryMs);
    socket.once('data', (chunk) => done(chunk.toString('latin1').startsWith('SSH-')));
    socket.once('error', () => done(false));
    socket.once('close', () => done(false));
  });
}
