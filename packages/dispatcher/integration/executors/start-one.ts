/** A dispatcher that starts one execution, says its pid, and waits to be killed. */
import { silentLog } from '@autotest/core';
import type { ExecutionRow } from '@autotest/core/db';
import { makeTestDatabase } from '@autotest/core/testing';
import { compileOptions, type ExecutionOptions } from '../../src/options.ts';

const { dir, execution, options } = JSON.parse(process.argv[2] ?? '') as {
  dir: string;
  execution: ExecutionRow;
  options: ExecutionOptions;
};
const settings = compileOptions({
  database: await makeTestDatabase(),
  dataDir: dir,
  log: silentLog,
  execution: options,
});
settings.executors.open();
// Until one waits, where one is to be started ahead.
if ((options.warm?.max ?? 0) > 0) await new Promise((resolve) => setTimeout(resolve, 1500));
const { pid, startTicks } = await settings.executors.start(execution, new AbortController().signal);
process.stdout.write(`${JSON.stringify({ pid, startTicks })}\n`);
setInterval(() => {}, 1000);
