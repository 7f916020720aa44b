import type { TestDefinition } from '@autotest/core';
import { sleepTest } from './sleep.ts';

/** The library of tests that every client carries, by name. */
export const bundledTests: ReadonlyMap<string, TestDefinition> = new Map(
  ([sleepTest] as unknown as readonly TestDefinition[]).map((test) => [test.name, test]),
);
