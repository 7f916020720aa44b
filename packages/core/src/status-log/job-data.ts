import { nullRecord } from '../json/null-record.ts';
import type { ClassicExit } from './classic-job.ts';
import { parseKeyval, type Keyval } from './keyval.ts';
import { dirsUpTo, isSegment, pidFileName, readInside, topLevelDir } from './tree-files.ts';
import type { ClassicProblem } from './verdict.ts';

const maxKeyvalBytes = 4 * 1024 * 1024;
const maxLineFileBytes = 64 * 1024;

export type ReportProblem = (problem: ClassicProblem) => void;

/** What a job's directory, and those above it, say about the job. */
export interface JobData {
  readonly dir: string;
  /** Where the pid file is; `dir` itself where there is none. */
  readonly topDir: string;
  readonly keyval: Keyval;
  readonly machine: string;
  readonly machineGroup: string;
  readonly hostKeyval: Keyval;
  readonly exit: ClassicExit | null;
}

/** Collects the keyvals, pid file and machine of the job in `dir`. Files that are missing or broken are empty. */
export async function readJobData(dir: string, problem: ReportProblem): Promise<JobData> {
  const found = await topLevelDir(dir);
  const topDir = found ?? dir;
  const keyval = await mergedKeyval(dir, topDir, problem);
  const machine = await machineOf(dir, keyval);
  const hosts = new Map<string, Keyval>();
  if (found !== null) {
    for (const host of machine.split(',')) hosts.set(host, await hostKeyvalOf(found, host, problem));
  }
  const platforms = [...hosts.values()].flatMap(({ platform }) => (platform === undefined ? [] : [String(platform)]));
  return {
    dir,
    topDir,
    keyval,
    machine,
    machineGroup: [...new Set(platforms)].sort().join(','),
    hostKeyval: hosts.get(machine) ?? {},
    exit: found === null ? null : await readExit(found),
  };
}

/** Keyval file `name` below `dir`; problems name the file. */
export async function readKeyval(dir: string, name: string, problem: ReportProblem): Promise<Keyval> {
  const file = await readInside(dir, name, maxKeyvalBytes);
  if (file === null) return {};
  if (file.truncated)
    problem({ file: name, line: 0, text: '', why: `only the first ${maxKeyvalBytes} bytes were read` });
  return parseKeyval(file.text, (line, text, why) => problem({ file: name, line, text: text.slice(0, 200), why }));
}

/** Upper directories win, except for the host name. */
async function mergedKeyval(dir: string, topDir: string, problem: ReportProblem): Promise<Keyval> {
  const merged: Keyval = nullRecord();
  for (const at of dirsUpTo(dir, topDir)) {
    for (const [key, value] of Object.entries(await readKeyval(at, 'keyval', problem))) {
      if (key !== 'hostname' || merged['hostname'] === undefined) merged[key] = value;
    }
  }
  return merged;
}

async function machineOf(dir: string, keyval: Keyval): Promise<string> {
  const machine = String(keyval['hostname'] ?? '');
  const group = keyval['host_group_name'];
  const isOne = machine !== '' && !machine.includes(',');
  if (isOne) return machine;
  if (group !== undefined && group !== '') return String(group);
  if (machine === '') return '';
  const hostname = await firstLine(dir, 'sysinfo/hostname');
  if (hostname) return hostname.trimEnd();
  const uname = await firstLine(dir, 'sysinfo/uname_-a');
  return uname?.split(/\s+/)[1] || machine;
}

async function hostKeyvalOf(topDir: string, host: string, problem: ReportProblem): Promise<Keyval> {
  if (!isSegment(host)) return {};
  return readKeyval(topDir, `host_keyvals/${host}`, problem);
}

/** Second line of the pid file: `(exit code << 8) | signal`. */
async function readExit(topDir: string): Promise<ClassicExit | null> {
  const file = await readInside(topDir, pidFileName, maxLineFileBytes);
  const word = file?.text.split('\n')[1]?.trim() ?? '';
  if (!/^\d{1,9}$/.test(word)) return null;
  const status = Number(word);
  const signal = status & 0x7f;
  return signal === 0 ? { exitCode: (status >> 8) & 0xff, signal: null } : { exitCode: null, signal };
}

/** First line of a small file below `dir`, undefined where there is none. */
export async function firstLine(dir: string, name: string): Promise<string | undefined> {
  const file = await readInside(dir, name, maxLineFileBytes);
  return file?.text.split('\n')[0];
}
