import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { journalFileName, statusLogFileName } from '@autotest/core';
import { UsageError } from '../errors.ts';

/** Makes the results directory of a run, or takes an existing one, whose content then moves to `previous.<n>/`. @throws UsageError */
export function prepareResultsDir(wanted: string | undefined, useExisting: boolean, now: Date): string {
  const directory = resolve(wanted ?? defaultName(now));
  const used = [journalFileName, statusLogFileName].some((name) => existsSync(join(directory, name)));
  if (used && !useExisting)
    throw new UsageError(`${directory} holds results already; name another directory, or add --use-existing-results.`);
  if (!existsSync(directory) && useExisting)
    throw new UsageError(`${directory} is not there; leave --use-existing-results out.`);
  mkdirSync(directory, { recursive: true });
  if (used) moveAside(directory);
  return directory;
}

function moveAside(directory: string): void {
  const entries = readdirSync(directory).filter((name) => !/^previous\.\d+$/.test(name));
  let n = 1;
  while (existsSync(join(directory, `previous.${n}`))) n += 1;
  mkdirSync(join(directory, `previous.${n}`));
  for (const name of entries) renameSync(join(directory, name), join(directory, `previous.${n}`, name));
}

function defaultName(now: Date): string {
  const [date = '', time = ''] = now.toISOString().split('T');
  return `results.${date}-${time.slice(0, 8).replaceAll(':', '.')}`;
}
