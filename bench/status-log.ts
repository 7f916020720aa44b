/**
 * Speed and memory of reading status logs of the original Autotest. Every value is the median of runs in fresh processes.
 *
 *     npm run bench:status-log [-- --quick]
 */
import {
  closeSync,
  createReadStream,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { StatusParserV1, formatStatusLine, type StatusEntry } from '@autotest/core';
import { readClassicTree, readLines } from '@autotest/core/node';
import { inFreshProcess, peakRssMb } from './lib/fresh-process.ts';
import { report, table } from './lib/report.ts';
import { median } from './lib/statistics.ts';

const [, script = '', mode, path = ''] = process.argv;
const quick = process.argv.includes('--quick');
const bench = 'status-log';
const targetLinesPerSecond = 410_000;
const targetRssMb = 124;

if (mode === '--parse') await printMeasured(() => parse(path));
else if (mode === '--readline') await printMeasured(() => countLines(path));
else if (mode === '--tree') await printMeasured(() => readTree(path));
else measureAll();

function measureAll(): void {
  const dir = mkdtempSync(join(tmpdir(), 'autotest-bench-'));
  try {
    // The target for memory is that of 300,000 lines, so a quick run has fewer repetitions and not fewer lines.
    const tests = 100_000;
    const log = join(dir, 'status.log');
    writeLog(log, tests);
    const runs = quick ? 1 : 5;
    const parsed = repeat('--parse', log, runs);
    const plain = repeat('--readline', log, runs);
    report({
      bench,
      case: `parse ${tests * 3} lines`,
      value: parsed.perSecond,
      unit: 'lines/s',
      baseline: 'node:readline without parsing',
      baselineValue: plain.perSecond,
      target: targetLinesPerSecond,
    });
    report(
      {
        bench,
        case: `peak memory, ${tests * 3} lines`,
        value: parsed.rssMb,
        unit: 'MB',
        baseline: 'node:readline without parsing',
        baselineValue: plain.rssMb,
        target: targetRssMb,
      },
      { lowerIsBetter: true },
    );
    const treeTests = quick ? 500 : 5000;
    writeTree(join(dir, 'tree'), treeTests);
    const tree = repeat('--tree', join(dir, 'tree'), runs);
    report({ bench, case: `read a tree of ${treeTests} tests`, value: tree.perSecond, unit: 'tests/s' });
  } finally {
    rmSync(dir, { recursive: true });
  }
  table();
}

function repeat(how: string, file: string, runs: number): { perSecond: number; rssMb: number } {
  const results = Array.from({ length: runs }, () => inFreshProcess(script, [how, file]));
  return {
    perSecond: median(results.map((result) => result['perSecond'] ?? 0)),
    rssMb: median(results.map((result) => result['rssMb'] ?? 0)),
  };
}

async function printMeasured(work: () => Promise<number>): Promise<void> {
  const startMs = performance.now();
  const count = await work();
  const seconds = (performance.now() - startMs) / 1000;
  process.stdout.write(JSON.stringify({ perSecond: count / seconds, rssMb: peakRssMb() }));
}

/** Lines parsed; throws where the verdicts are not those that were written. */
async function parse(file: string): Promise<number> {
  let good = 0;
  let failed = 0;
  let problems = 0;
  const parser = new StatusParserV1({
    onTest: ({ status }) => (status === 'GOOD' ? good++ : failed++),
    onProblem: () => problems++,
  });
  await readLines(file, (line) => parser.feed(line));
  const { lines } = parser.end();
  if (failed * 9 !== good || problems > 0)
    throw new Error(`wrong verdicts: ${good} good, ${failed} failed, ${problems}`);
  return lines;
}

async function countLines(file: string): Promise<number> {
  let lines = 0;
  let characters = 0;
  for await (const line of createInterface({ input: createReadStream(file) })) {
    lines++;
    characters += line.length;
  }
  return characters > 0 ? lines : 0;
}

async function readTree(dir: string): Promise<number> {
  const [job] = await readClassicTree(dir);
  const tests = job?.tests.filter(({ iterations }) => iterations.length === 2) ?? [];
  return tests.length;
}

function writeLog(file: string, tests: number): void {
  const fd = openSync(file, 'w');
  for (let first = 0; first < tests; first += 1000) {
    let text = '';
    for (let n = first; n < Math.min(first + 1000, tests); n++) text += testLines(n);
    writeSync(fd, text);
  }
  closeSync(fd);
}

function writeTree(dir: string, tests: number): void {
  mkdirSync(dir);
  writeLog(join(dir, 'status.log'), tests);
  writeFileSync(join(dir, 'keyval'), 'hostname=host1\njob_started=1700000000\nstatus_version=1\nuser=alice\n');
  writeFileSync(join(dir, '.autoserv_execute'), '1\n0\n0\n');
  for (let n = 0; n < tests; n++) {
    const results = join(dir, nameOf(n), 'results');
    mkdirSync(results, { recursive: true });
    writeFileSync(join(dir, nameOf(n), 'keyval'), 'version=1\nparam-seconds=1\nsysinfo-uname=6.1.0\n');
    writeFileSync(
      join(results, 'keyval'),
      'throughput{perf}=10.5\nmode{attr}=a\n\nthroughput{perf}=11\nmode{attr}=b\n\n',
    );
  }
}

function testLines(n: number): string {
  const fails = n % 10 === 0;
  const fields = { timestamp: String(1_700_000_000 + n), localtime: 'Nov 14 22:13:20' };
  const line = (indent: number, code: StatusEntry['code'], message: string): string =>
    formatStatusLine({ indent, code, subdir: nameOf(n), operation: nameOf(n), fields, message, extraLines: [] });
  const status = fails ? 'FAIL' : 'GOOD';
  const message = fails ? `constraint ${n} was not met` : 'completed successfully';
  return line(0, 'START', '') + line(1, status, message) + line(0, `END ${status}`, '');
}

function nameOf(n: number): string {
  return `sleeptest.${n}`;
}
