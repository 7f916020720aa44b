import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { nullRecord } from '../json/null-record.ts';
import type { ClassicJob, ClassicTest } from './classic-job.ts';
import { NoResultsError } from './errors.ts';
import { readJobData, readKeyval, type JobData, type ReportProblem } from './job-data.ts';
import { readKernelV0 } from './kernel-v0.ts';
import { parseIterations, parseIterationsV0, type ClassicIteration, type Keyval, type KeyvalValue } from './keyval.ts';
import { StatusParserV0 } from './parser-v0.ts';
import { StatusParserV1 } from './parser.ts';
import { readLines } from './read-lines.ts';
import { serverJobStatus, unfinishedReason } from './server-job.ts';
import { fileInside, isSegment, readInside, relativeTo } from './tree-files.ts';
import type { ClassicKernel, ClassicProblem, StatusLogParser, StatusLogSummary, StatusVerdict } from './verdict.ts';

export interface ReadTreeOptions {
  /** Version of the status logs. @default see {@link versionOf} */
  readonly version?: 0 | 1;
  /** Accept status lines that end right after the third column. @default false */
  readonly shortLines?: boolean;
  readonly signal?: AbortSignal;
}

const filesAtOnce = 32;
const maxHosts = 10_000;
const maxProblems = 2000;
const maxIterationBytes = 64 * 1024 * 1024;
const maxMachinesBytes = 1024 * 1024;

/**
 * Reads a result tree of the original Autotest: the job in `dir`, and one more for each of its hosts that has a directory of
 * its own. Broken lines and files are left out and listed in `problems`; nothing outside of the tree is read but the job's
 * keyvals and pid file in the directories above.
 *
 * @throws {NoResultsError} when neither `dir` nor a directory in it holds a status log.
 */
export async function readClassicTree(dir: string, options: ReadTreeOptions = {}): Promise<ClassicJob[]> {
  const root = resolve(dir);
  const log = await statusFileOf(root);
  const hosts = await hostDirsOf(root, log !== null);
  const jobs: ClassicJob[] = [];
  if (log !== null) jobs.push(await readJob(root, root, log, options));
  for (const host of hosts) {
    options.signal?.throwIfAborted();
    const hostDir = join(root, host);
    jobs.push(await readJob(root, hostDir, await statusFileOf(hostDir), options));
  }
  if (jobs.length === 0) throw new NoResultsError(dir);
  return jobs;
}

/** Identifies a kernel with its patches as the original's database does. */
export function kernelHash(kernel: ClassicKernel): string {
  if (kernel.base === 'UNKNOWN') return 'UNKNOWN';
  const parts = [kernel.base, ...kernel.patches.map(({ hash }) => hash)];
  return createHash('md5').update(parts.join(',')).digest('hex');
}

async function statusFileOf(dir: string): Promise<string | null> {
  return (await fileInside(dir, 'status.log')) ?? (await fileInside(dir, 'status'));
}

/** Hosts are listed in `.machines`; without it, and without a log of its own, a directory of results is told by its log. */
async function hostDirsOf(dir: string, hasLog: boolean): Promise<string[]> {
  const machines = await readInside(dir, '.machines', maxMachinesBytes);
  if (machines === null && hasLog) return [];
  const entries = await readdir(dir, { withFileTypes: true });
  const dirs = new Set(entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name));
  if (machines !== null) {
    const names = machines.text.split('\n').map((line) => line.trimEnd());
    return [...new Set(names)].filter((name) => isSegment(name) && dirs.has(name)).slice(0, maxHosts);
  }
  const found: string[] = [];
  for (const name of [...dirs].sort().slice(0, maxHosts)) {
    if ((await statusFileOf(join(dir, name))) !== null) found.push(name);
  }
  return found;
}

async function readJob(root: string, dir: string, log: string | null, options: ReadTreeOptions): Promise<ClassicJob> {
  const problems: ClassicProblem[] = [];
  const problem: ReportProblem = (found) => {
    if (problems.length < maxProblems) problems.push(found);
  };
  const data = await readJobData(dir, problem);
  const { keyval } = data;
  const version = options.version ?? versionOf(keyval);
  const abortedBy = textOf(keyval['aborted_by']);
  const abortedOn = timeOf(keyval['aborted_on']);
  const verdicts: StatusVerdict[] = [];
  const sink = { onTest: (test: StatusVerdict) => verdicts.push(test), onProblem: problem };
  let parser: StatusLogParser;
  if (version === 1) {
    parser = new StatusParserV1(sink, { ...options, unfinishedReason: unfinishedReason(abortedBy, abortedOn) });
  } else {
    const { kernel, isBuilt } = await readKernelV0(dir);
    parser = new StatusParserV0(sink, { ...options, kernel, kernelIsBuilt: isBuilt });
  }
  const summary = await feedLog(parser, log, problem, options);
  if (version === 1) verdicts.push(serverJob(data, summary, log !== null));
  verdicts.sort((a, b) => a.id - b.id);

  const cache = new Map<ClassicKernel, ClassicTest['kernel']>();
  const tests: ClassicTest[] = [];
  for (let first = 0; first < verdicts.length; first += filesAtOnce) {
    options.signal?.throwIfAborted();
    const batch = verdicts.slice(first, first + filesAtOnce);
    tests.push(...(await Promise.all(batch.map((test) => completeTest(test, data, version, cache, problem)))));
  }
  return {
    path: relativeTo(root, dir),
    version,
    user: textOf(keyval['user']),
    label: textOf(keyval['label']),
    machine: data.machine,
    machineGroup: data.machineGroup,
    queued: timeOf(keyval['job_queued']),
    started: timeOf(keyval['job_started']),
    finished: timeOf(keyval['job_finished']),
    owner: textOf(keyval['owner']),
    abortedBy,
    abortedOn,
    keyval,
    exit: data.exit,
    tests,
    problems,
  };
}

async function feedLog(
  parser: StatusLogParser,
  log: string | null,
  problem: ReportProblem,
  options: ReadTreeOptions,
): Promise<StatusLogSummary> {
  if (log === null) {
    problem({ line: 0, text: '', why: 'there is no status log' });
    return parser.end();
  }
  const { signal } = options;
  const { cutLines } = await readLines(log, (line) => parser.feed(line), signal ? { signal } : {});
  for (const line of cutLines) problem({ line, text: '', why: 'the line is too long and was cut' });
  return parser.end();
}

function serverJob(data: JobData, log: StatusLogSummary, hasLog: boolean): StatusVerdict {
  const isOneHostOfMany = data.dir !== data.topDir;
  return {
    id: 0,
    parent: null,
    subdir: '----',
    testname: 'SERVER_JOB',
    status: hasLog ? serverJobStatus(data.exit, log, isOneHostOfMany) : 'ABORT',
    reason: log.abortReason,
    kernel: log.kernel,
    started: timeOf(data.keyval['job_started']),
    finished: timeOf(data.keyval['job_finished']),
  };
}

async function completeTest(
  verdict: StatusVerdict,
  data: JobData,
  version: 0 | 1,
  cache: Map<ClassicKernel, ClassicTest['kernel']>,
  problem: ReportProblem,
): Promise<ClassicTest> {
  let kernel = cache.get(verdict.kernel);
  if (!kernel) {
    kernel = { ...verdict.kernel, hash: kernelHash(verdict.kernel) };
    cache.set(verdict.kernel, kernel);
  }
  const { subdir } = verdict;
  const hasDir = subdir !== null && subdir !== '----';
  const keyval = hasDir ? await readKeyval(data.dir, `${subdir}/keyval`, problem) : {};
  const iterations = hasDir ? await readIterations(data.dir, `${subdir}/results/keyval`, version, problem) : [];
  const attributes = nullRecord<KeyvalValue | null>(Object.entries(keyval));
  for (const [key, value] of Object.entries(data.hostKeyval)) attributes[`host-${key}`] = value;
  if (version === 0) attributes['version'] = keyval['version'] === undefined ? null : String(keyval['version']);
  return { ...verdict, kernel, machine: data.machine, iterations, attributes };
}

async function readIterations(
  dir: string,
  name: string,
  version: 0 | 1,
  problem: ReportProblem,
): Promise<ClassicIteration[]> {
  const file = await readInside(dir, name, maxIterationBytes);
  if (file === null) return [];
  if (file.truncated)
    problem({ file: name, line: 0, text: '', why: `only the first ${maxIterationBytes} bytes were read` });
  const parse = version === 0 ? parseIterationsV0 : parseIterations;
  return parse(file.text, (line, text, why) => problem({ file: name, line, text: text.slice(0, 200), why }));
}

/** The server says `status_version=1`, or nothing in the days of version 0; a client run by hand has no job keyval at all. */
function versionOf(keyval: Keyval): 0 | 1 {
  if (keyval['status_version'] !== undefined) return keyval['status_version'] === 1 ? 1 : 0;
  return Object.keys(keyval).length === 0 ? 1 : 0;
}

function textOf(value: Keyval[string] | undefined): string | null {
  return value === undefined ? null : String(value);
}

function timeOf(value: Keyval[string] | undefined): number | null {
  return typeof value === 'number' ? Math.trunc(value) : null;
}
