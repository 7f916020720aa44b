import { sleep } from '@autotest/core';
import { LabError } from '../errors.ts';
import type { MachineProcess } from '../machine-process.ts';
import { QmpClient, type QmpOptions } from './qmp.ts';

const startTimeoutMs = 15_000;
const pauseMs = 20;

/** Connects to a QEMU that is just being started. @throws LabError where it ended, or does not answer within 15 s */
export async function connectQmp(
  socketPath: string,
  process: MachineProcess,
  errorFile: string,
  options: QmpOptions,
): Promise<QmpClient> {
  const endsAt = performance.now() + startTimeoutMs;
  for (;;) {
    if (process.isOver) throw new LabError(`QEMU ended at once; ${errorFile} says why.`);
    try {
      return await QmpClient.connect(socketPath, options);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (performance.now() > endsAt) throw error;
    }
    await sleep(pauseMs, options.signal ? { signal: options.signal } : {});
  }
}
