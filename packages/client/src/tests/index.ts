import type { TestDefinition } from '@autotest/core';
import { cpuTest } from './cpu.ts';
import { diskTest } from './disk.ts';
import {
  errorCleanup,
  errorCommand,
  errorCrash,
  errorError,
  errorFail,
  errorHang,
  errorInitialize,
  errorJob,
  errorSetup,
  errorSkip,
  errorWarn,
} from './errors.ts';
import { sleepTest } from './sleep.ts';

/** The library of tests that every client carries, by name. */
export const bundledTests: ReadonlyMap<string, TestDefinition> = new Map(
  [
    sleepTest,
    cpuTest,
    diskTest,
    errorFail,
    errorError,
    errorSkip,
    errorWarn,
    errorJob,
    errorInitialize,
    errorSetup,
    errorCleanup,
    errorCommand,
    errorCrash,
    errorHang,
  ].map((test) => [test.name, test]),
);
