import { existsSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import {
  AutotestError,
  journalFileName,
  outcomeOfStatus,
  ResultTree,
  worstOutcome,
  type ClassicJob,
  type ClassicTest,
  type ResultNode,
  type ResultOutcome,
} from '@autotest/core';
import { readClassicTree, readJournal } from '@autotest/core/node';
import { UsageError } from '../errors.ts';
import type { ShownMetric, ShownNode } from '../output/result-tree.ts';

/** One execution as its results directory tells it. */
export interface ResultsJob {
  readonly name: string;
  readonly directory: string;
  /** Worst outcome of its nodes. */
  readonly outcome: string;
  readonly hosts: readonly string[];
  readonly keyvals: Readonly<Record<string, unknown>>;
  readonly nodes: readonly ResultsNode[];
}

export interface ResultsNode extends ShownNode {
  readonly path: string;
  readonly kind: string;
  readonly originalOutcome: string | null;
  readonly host: string | null;
  readonly subdir: string | null;
  /** ms since the epoch. */
  readonly startedAt: number | null;
  readonly endedAt: number | null;
}

export interface ResultsReport {
  readonly jobs: readonly ResultsJob[];
  /** What was skipped, and why. */
  readonly problems: readonly string[];
}

/**
 * Reads a results directory: a journal where there is one, else the status logs of the original (version 0 or 1).
 *
 * @throws UsageError when it is no directory
 */
export async function readResults(directory: string): Promise<ResultsReport> {
  if (!existsSync(directory) || !statSync(directory).isDirectory())
    throw new UsageError(`${directory} is not a directory.`);
  const journal = join(directory, journalFileName);
  return existsSync(journal) ? readJournalTree(directory, journal) : readStatusLogs(directory);
}

function readJournalTree(directory: string, journal: string): ResultsReport {
  const tree = new ResultTree();
  const problems: string[] = [];
  let offset = 0;
  for (let more = true; more;) {
    const chunk = readJournal(journal, offset);
    for (const record of chunk.records) {
      tree.apply(record);
      if (record.kind === 'problem') problems.push(`${record.source}: ${record.message}`);
    }
    problems.push(
      ...chunk.problems.map((problem) => `${journalFileName} at byte ${problem.offset}: ${problem.message}`),
    );
    offset = chunk.nextOffset;
    ({ more } = chunk);
  }
  if (statSync(journal).size > offset) problems.push(`${journalFileName} ends in half a line at byte ${offset}`);
  if (!tree.end) problems.push(`${journalFileName} has no last record: the execution did not end by itself`);
  const job: ResultsJob = {
    name: tree.jobStart?.name ?? basename(directory),
    directory,
    outcome: tree.outcome() ?? 'unknown',
    hosts: tree.jobStart?.hosts ?? [],
    keyvals: tree.keyvals,
    nodes: [...tree.nodes()].map(shownOf),
  };
  return { jobs: [job], problems };
}

function shownOf(node: ResultNode): ResultsNode {
  const { path, outcome, startedAt, endedAt } = node;
  return {
    id: path,
    path,
    parentId: node.parent?.path ?? null,
    kind: node.node,
    name: node.name,
    outcome: outcome ?? 'abort',
    originalOutcome: node.originalOutcome ?? null,
    reason: node.reason ?? (outcome === undefined ? 'it never ended' : null),
    host: node.host ?? null,
    subdir: node.subdir ?? null,
    startedAt: startedAt ?? null,
    endedAt: endedAt ?? null,
    durationMs: startedAt === undefined || endedAt === undefined ? undefined : endedAt - startedAt,
    metrics: metricsOf(node),
  };
}

function metricsOf(node: ResultNode): ShownMetric[] {
  return [
    ...node.metrics.map((metric) => ({ iteration: 0, ...metric })),
    ...node.iterations.flatMap((iteration) =>
      iteration.metrics.map((metric) => ({ iteration: iteration.index, ...metric })),
    ),
  ];
}

async function readStatusLogs(directory: string): Promise<ResultsReport> {
  let jobs: ClassicJob[];
  try {
    jobs = await readClassicTree(directory);
  } catch (error) {
    if (error instanceof AutotestError && error.code === 'AT_NO_RESULTS') return { jobs: [], problems: [] };
    throw error;
  }
  return {
    jobs: jobs.filter((job) => job.tests.length > 0).map((job) => classicResults(directory, job)),
    problems: jobs.flatMap((job) =>
      job.problems.map(
        ({ file, line, text, why }) =>
          `${join(job.path, file ?? 'status log')}${line > 0 ? `:${line}` : ''}: ${why}: ${text}`,
      ),
    ),
  };
}

function classicResults(directory: string, job: ClassicJob): ResultsJob {
  const nodes = job.tests.map(shownOfClassic);
  return {
    name: job.label ?? basename(directory),
    directory: join(directory, job.path),
    outcome: worstOutcome(nodes.map((node) => (node.outcome ?? 'unknown') as ResultOutcome)) ?? 'unknown',
    hosts: [job.machine],
    keyvals: job.keyval,
    nodes,
  };
}

function shownOfClassic(test: ClassicTest): ResultsNode {
  const { started, finished } = test;
  return {
    id: String(test.id),
    parentId: test.parent === null ? null : String(test.parent),
    path: test.subdir ?? test.testname,
    kind: /^(SERVER|CLIENT)_JOB/.test(test.testname) ? 'job' : 'test',
    name: test.testname,
    outcome: outcomeOfStatus[test.status],
    originalOutcome: null,
    reason: test.reason || null,
    host: test.machine,
    subdir: test.subdir,
    startedAt: started === null ? null : started * 1000,
    endedAt: finished === null ? null : finished * 1000,
    durationMs: started === null || finished === null ? undefined : (finished - started) * 1000,
    metrics: test.iterations.flatMap(({ index, perf }) =>
      Object.entries(perf).map(([name, value]) => ({
        iteration: index,
        name,
        value: Number(value),
        unit: '',
        direction: 'none',
      })),
    ),
  };
}
