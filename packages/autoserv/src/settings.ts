import { fileURLToPath } from 'node:url';
import { parseDuration, type Duration } from '@autotest/core';
import type { ExecutionSettings } from './execution/context.ts';
import { defaultStopMs } from './execution/stop.ts';

/** Settings where nothing else was said. The client is the one that is installed beside this package. */
export function defaultSettings(env: NodeJS.ProcessEnv = process.env): ExecutionSettings {
  return {
    // Looked for when it is needed: verifying a host needs none.
    get clientFile() {
      return (
        env.AUTOTEST_CLIENT_FILE ??
        fileURLToPath(new URL('../dist/client.mjs', import.meta.resolve('@autotest/client/bundle')))
      );
    },
    connectTimeoutMs: 20_000,
    rebootMs: durationOf(env.AUTOTEST_REBOOT_TIMEOUT, '30 minutes'),
    rebootStepMs: durationOf(env.AUTOTEST_REBOOT_STEP, '1 minute'),
    bootMs: durationOf(env.AUTOTEST_BOOT_TIME, '10 minutes'),
    ...(env.AUTOTEST_STEPS_DIR && { stepsDir: env.AUTOTEST_STEPS_DIR }),
    minFreeBytes: countOf(env.AUTOTEST_MIN_FREE_BYTES, 512 * 1024 * 1024),
    maxClockSkewMs: 30_000,
    stopMs: countOf(env.AUTOTEST_STOP_MS, defaultStopMs),
    testDirs: (env.AUTOTEST_TEST_DIRS ?? '').split(':').filter((dir) => dir.startsWith('/')),
  };
}

function countOf(text: string | undefined, otherwise: number): number {
  const value = Number(text);
  return text !== undefined && Number.isSafeInteger(value) && value >= 0 ? value : otherwise;
}

function durationOf(text: string | undefined, otherwise: Duration): number {
  return parseDuration(text === undefined || text === '' ? otherwise : text);
}
