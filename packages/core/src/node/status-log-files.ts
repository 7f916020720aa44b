import { closeSync, fstatSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { statusLogFileName } from '../execution/spec.ts';
import type { JournalRecord } from '../journal/record.ts';
import { nodePath } from '../journal/scope.ts';
import { StatusLogView } from '../status-log/view.ts';
import { confinePath } from './paths.ts';

/** One status log: text that is there already (of an earlier process) is not written again. */
class StatusLogFile {
  readonly view: StatusLogView;
  readonly #fd: number;
  #skip: number;

  constructor(file: string, root: readonly string[]) {
    mkdirSync(dirname(file), { recursive: true });
    this.view = new StatusLogView({ root });
    this.#fd = openSync(file, 'a');
    this.#skip = fstatSync(this.#fd).size;
  }

  write(text: string): void {
    if (text === '') return;
    const bytes = Buffer.from(text);
    const skipped = Math.min(this.#skip, bytes.length);
    this.#skip -= skipped;
    for (let at = skipped; at < bytes.length;) at += writeSync(this.#fd, bytes, at);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/**
 * Writes the status logs of a results directory as records come: `status.log` for all, and one in the directory of each test that has one. To go on
 * with logs that are there, give it all records from the first one again.
 */
export class StatusLogFiles {
  readonly #resultsDir: string;
  readonly #all: StatusLogFile;
  readonly #open = new Map<string, StatusLogFile>();

  constructor(resultsDir: string) {
    this.#resultsDir = resultsDir;
    this.#all = new StatusLogFile(join(resultsDir, statusLogFileName), []);
  }

  /** Takes one record in. Throws what the file system throws. */
  take(record: JournalRecord): void {
    this.#all.write(this.#all.view.apply(record));
    if (record.kind === 'node.start' && record.subdir && (record.node === 'test' || record.node === 'command'))
      this.#begin(record.scope, record.subdir);
    if (record.scope.length === 0) return;
    for (let length = record.scope.length; length > 0; length--) {
      const file = this.#open.get(nodePath(record.scope.slice(0, length)));
      file?.write(file.view.apply(record));
    }
    if (record.kind === 'node.end') this.#end(nodePath(record.scope));
  }

  close(): void {
    for (const path of this.#open.keys()) this.#end(path);
    this.#all.close();
  }

  #begin(scope: readonly string[], subdir: string): void {
    const path = nodePath(scope);
    this.#end(path);
    this.#open.set(path, new StatusLogFile(join(confinePath(this.#resultsDir, subdir), statusLogFileName), scope));
  }

  #end(path: string): void {
    this.#open.get(path)?.close();
    this.#open.delete(path);
  }
}
