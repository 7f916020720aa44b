import { appendFileSync, mkdirSync, truncateSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf, nodePath, statusLogFileName, StatusLogView, type JournalRecord } from '@autotest/core';
import { confinePath } from '@autotest/core/node';

interface Log {
  readonly file: string;
  readonly view: StatusLogView;
}

/** Tests whose own log is open at the same time. */
const maxTestLogs = 500;

/**
 * Writes the status logs of an execution as views of its journal: one for the execution, one in the directory of each test. A log that cannot be written
 * (a full disk, a name in the way) is told once and left: the journal holds everything.
 */
export class StatusLogs {
  readonly #resultsDir: string;
  readonly #complain: (message: string) => void;
  readonly #main: Log;
  readonly #tests = new Map<string, Log>();
  /** While records of an earlier autoserv are read: their text is gathered, to be written anew as a whole. */
  #old: Map<string, string> | undefined = new Map();
  #broken = false;

  constructor(resultsDir: string, complain: (message: string) => void) {
    this.#resultsDir = resultsDir;
    this.#complain = complain;
    this.#main = { file: join(resultsDir, statusLogFileName), view: new StatusLogView() };
  }

  take(record: JournalRecord, old: boolean): void {
    if (!old && this.#old) this.#writeOld(this.#old);
    this.#write(this.#main, record);
    if (record.kind === 'node.start' && record.subdir !== undefined && record.node !== 'subtest')
      this.#openTest(record.scope, record.subdir);
    if (this.#tests.size === 0 || record.scope.length === 0) return;
    for (let depth = 1; depth <= record.scope.length; depth++) {
      const log = this.#tests.get(nodePath(record.scope.slice(0, depth)));
      if (log) this.#write(log, record);
    }
    if (record.kind === 'node.end') this.#tests.delete(nodePath(record.scope));
  }

  close(): void {
    if (this.#old) this.#writeOld(this.#old);
    this.#tests.clear();
  }

  #openTest(scope: readonly string[], subdir: string): void {
    if (this.#tests.size >= maxTestLogs) return;
    try {
      const file = join(confinePath(this.#resultsDir, subdir), statusLogFileName);
      this.#tests.set(nodePath(scope), { file, view: new StatusLogView({ root: scope }) });
    } catch {
      // A directory that leads out of the results has no log.
    }
  }

  #write({ file, view }: Log, record: JournalRecord): void {
    const text = view.apply(record);
    if (text === '') return;
    if (this.#old) this.#old.set(file, (this.#old.get(file) ?? '') + text);
    else this.#append(file, text);
  }

  /** What an earlier autoserv wrote may end in the middle; the journal says what it should be. */
  #writeOld(texts: ReadonlyMap<string, string>): void {
    this.#old = undefined;
    for (const [file, text] of texts) {
      try {
        truncateSync(file);
      } catch {
        // It is not there yet.
      }
      this.#append(file, text);
    }
  }

  #append(file: string, text: string): void {
    if (this.#broken) return;
    try {
      mkdirSync(dirname(file), { recursive: true });
      appendFileSync(file, text);
    } catch (error) {
      this.#broken = true;
      this.#complain(`the status log ${file} cannot be written: ${messageOf(error)}`);
    }
  }
}
