import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join, resolve } from 'node:path';
import { AutotestError, NotSupportedError, journalFileName, type ClientSessionSpec } from '@autotest/core';
import { confinePath, safeFileName, uniqueName } from '@autotest/core/node';
import { readSessionSpec, sessionFiles } from '../session/session-files.ts';
import { hasEnded } from '../session/stored-journal.ts';
import type { ClientStandaloneOptions, StandaloneControl } from './options.ts';

export interface PreparedRun {
  readonly sessionDir: string;
  readonly resultsDir: string;
  readonly continued: boolean;
}

/** Kept beside the results of a run: its session. */
const sessionName = '.session';

const twoGigabytes = 2 * 1024 ** 3;

/** Makes the session of a new run, or finds that of the run to go on with. */
export function prepareRun(options: ClientStandaloneOptions): PreparedRun {
  const root = resolve(options.resultsRoot ?? 'results');
  const tag = safeFileName(options.tag ?? 'default');
  if (options.continue) return findRun(root, tag);
  const { control } = options;
  if (!control) throw new AutotestError('AT_USAGE', 'Name a control file, or go on with an earlier run by --continue.');
  if (control.type !== 'client')
    throw new NotSupportedError(
      `Running the server control file ${control.name} without a server`,
      'Run it with autoserv.',
    );
  mkdirSync(root, { recursive: true });
  const resultsDir = join(root, uniqueName(root, tag));
  return makeRun(resultsDir, control, options);
}

function findRun(root: string, tag: string): PreparedRun {
  const number = (name: string): number => Number(name.slice(tag.length + 1) || '1');
  const runs = existsSync(root)
    ? readdirSync(root).filter((name) => name === tag || (name.startsWith(`${tag}.`) && number(name) > 0))
    : [];
  const newest = runs.sort((a, b) => number(b) - number(a)).find((name) => existsSync(join(root, name, sessionName)));
  if (newest === undefined)
    throw new AutotestError('AT_USAGE', `There is no run named ${tag} in ${root}. Start one without --continue.`);
  const resultsDir = join(root, newest);
  if (hasEnded(join(resultsDir, journalFileName)))
    throw new AutotestError('AT_USAGE', `The run in ${resultsDir} has ended. Start a new one without --continue.`);
  return { resultsDir, sessionDir: join(resultsDir, sessionName), continued: true };
}

function makeRun(resultsDir: string, control: StandaloneControl, options: ClientStandaloneOptions): PreparedRun {
  const sessionDir = join(resultsDir, sessionName);
  const bundle = join(sessionDir, 'bundle');
  mkdirSync(sessionDir, { recursive: true });
  cpSync(control.bundleDir, bundle, { recursive: true });
  if (control.source !== undefined) writeFileSync(join(resultsDir, 'control.ts'), control.source);
  const modules = Object.entries(control.modules).map(([key, file]) => [key, confinePath(bundle, file)] as const);
  const spec: ClientSessionSpec = {
    version: 1,
    tag: 'local',
    hostname: hostname(),
    epoch: 0,
    control: {
      name: control.name,
      type: 'client',
      entry: confinePath(bundle, control.entry),
      modules: Object.fromEntries(modules),
      ...(control.onUnexpectedReboot && { onUnexpectedReboot: control.onUnexpectedReboot }),
    },
    params: options.params ?? {},
    testDirs: (options.testDirs ?? []).map((dir) => resolve(dir)),
    resultsDir,
    cacheDir: cacheDir(),
    reboot: options.rebootCommand ?? 'simulate',
    maxResultsBytes: maxResultsBytes(process.env.AUTOTEST_MAX_RESULTS_BYTES),
  };
  writeFileSync(join(sessionDir, 'session.json'), `${JSON.stringify(spec, undefined, 2)}\n`);
  return { resultsDir, sessionDir, continued: false };
}

function cacheDir(): string {
  const home = process.env.XDG_CACHE_HOME ?? join(process.env.HOME ?? '/var/tmp', '.cache');
  return join(home, 'autotest');
}

/** Name of the job of a prepared run. */
export function nameOfRun({ sessionDir }: PreparedRun): string {
  return readSessionSpec(sessionFiles(sessionDir)).control.name;
}

function maxResultsBytes(text: string | undefined): number {
  if (text === undefined || text === '') return twoGigabytes;
  if (!/^[1-9]\d{0,15}$/.test(text))
    throw new AutotestError(
      'AT_USAGE',
      `AUTOTEST_MAX_RESULTS_BYTES must be a number of bytes, not ${JSON.stringify(text.slice(0, 40))}.`,
    );
  return Number(text);
}
