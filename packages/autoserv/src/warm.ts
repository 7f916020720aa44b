import { closeSync, mkdirSync, openSync, readSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { warmWord } from '@autotest/core';

const newline = 10;

/**
 * Waits, with everything loaded and nothing of a job read, for the spec of an execution: says `ready` on stdout, then reads one line with the path from
 * stdin. The process has no timers and no connections while it waits, and it ends with its dispatcher: `undefined` at the end of input.
 *
 * With a path it becomes what it would be had it been started for that spec: in the results directory, with stdin closed and its output in
 * debug/autoserv.log; no pipe to the dispatcher is left. It says `taken` before it touches anything of the execution, so a dispatcher that hears
 * nothing knows that nothing was begun.
 */
export function waitForSpec(): string | undefined {
  writeSync(1, `${warmWord.ready}\n`);
  const file = readLine(0);
  if (file === undefined) return undefined;
  writeSync(1, `${warmWord.taken}\n`);
  const resultsDir = dirname(file);
  process.chdir(resultsDir);
  mkdirSync(join(resultsDir, 'debug'), { recursive: true });
  redirect(0, '/dev/null', 'r');
  redirect(2, join(resultsDir, 'debug', 'autoserv.log'), 'a');
  redirect(1, join(resultsDir, 'debug', 'autoserv.log'), 'a');
  return file;
}

/** Blocks; a line that the end of input cuts off counts as none. */
function readLine(fd: number): string | undefined {
  const line = Buffer.alloc(64 * 1024);
  for (let size = 0; size < line.length;) {
    const length = readSync(fd, line, size, line.length - size, null);
    if (length === 0) return undefined;
    size += length;
    if (line[size - 1] === newline) return line.toString('utf8', 0, size - 1);
  }
  return undefined;
}

/** A new file takes the lowest free number, which is the one just closed: nothing else opens files while a process waits. */
function redirect(fd: number, file: string, flags: 'r' | 'a'): void {
  closeSync(fd);
  const opened = openSync(file, flags);
  if (opened !== fd) throw new Error(`${file} was opened as ${opened} instead of ${fd}`);
}
