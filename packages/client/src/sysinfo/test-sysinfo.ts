import { appendFileSync, mkdirSync, readFileSync, statfsSync, writeFileSync } from 'node:fs';
import { arch, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { runLocal } from '@autotest/core/node';

/** What was noted before a test, to be compared with what is there after it. */
export interface TestSysinfo {
  readonly directory: string;
  readonly kernelLogMark: string | undefined;
}

const timeoutMs = 3000;
const maxDeltaBytes = 1024 * 1024;

/** Notes the state of the machine before a test; costs no process. */
export function collectBeforeTest(resultsDir: string, subdir: string): TestSysinfo {
  const outputDir = join(resultsDir, subdir);
  const directory = join(outputDir, 'sysinfo');
  mkdirSync(directory, { recursive: true });
  const keyvals = {
    'sysinfo-cmdline': readLine('/proc/cmdline'),
    'sysinfo-memtotal-in-kb': String(Math.round(totalmem() / 1024)),
    'sysinfo-uname': `${type()} ${release()} ${arch()}`,
  };
  const lines = Object.entries(keyvals).map(([key, value]) => `${key}=${value}\n`);
  appendFileSync(join(outputDir, 'keyval'), lines.join(''));
  return { directory, kernelLogMark: uptime() };
}

/** Keeps free space and what the kernel said during the test. Never fails. */
export async function collectAfterTest({ directory, kernelLogMark }: TestSysinfo): Promise<void> {
  writeFileSync(join(directory, 'df'), diskFree(directory));
  if (kernelLogMark === undefined || !mayReadKernelLog()) return;
  const { stdout } = await runLocal(['dmesg'], {
    timeout: timeoutMs,
    maxOutputBytes: 16 * maxDeltaBytes,
    killGraceMs: 0,
  });
  const lines = stdout.split('\n').filter((line) => isLater(line, Number(kernelLogMark)));
  if (lines.length > 0) writeFileSync(join(directory, 'dmesg'), `${lines.join('\n').slice(-maxDeltaBytes)}\n`);
}

/** Kernel messages carry the seconds since boot. */
function isLater(line: string, seconds: number): boolean {
  const match = /^\[\s*(\d+\.\d+)\]/.exec(line);
  return match !== null && Number(match[1]) >= seconds;
}

function mayReadKernelLog(): boolean {
  return process.getuid?.() === 0 || readLine('/proc/sys/kernel/dmesg_restrict') === '0';
}

function diskFree(path: string): string {
  try {
    const { bsize, blocks, bavail } = statfsSync(path);
    return `total-kb ${(blocks * bsize) / 1024}\navailable-kb ${(bavail * bsize) / 1024}\n`;
  } catch {
    return '';
  }
}

function uptime(): string | undefined {
  return readLine('/proc/uptime').split(' ')[0] || undefined;
}

function readLine(file: string): string {
  try {
    return readFileSync(file, 'utf8').split('\n', 1)[0] ?? '';
  } catch {
    return '';
  }
}
