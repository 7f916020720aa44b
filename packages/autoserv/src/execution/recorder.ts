import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { journalFileName, ResultTree, type JournalRecord, type RecordBody, type RecordEnvelope } from '@autotest/core';
import { JournalWriter, readJournal } from '@autotest/core/node';

export interface RecorderOptions {
  readonly resultsDir: string;
  readonly epoch: number;
  /** Sees each record once, right after it is in the journal; `old` for those that an earlier autoserv wrote. */
  readonly onRecord: (record: JournalRecord, old: boolean) => void;
}

/**
 * The one door to the journal of an execution, and what is known from it: the tree of outcomes, and how far each client's records were taken over.
 * A journal that is there already is read first and continued.
 */
export class Recorder {
  readonly tree = new ResultTree();
  readonly #writer: JournalWriter;
  readonly #onRecord: (record: JournalRecord, old: boolean) => void;
  readonly #takenOver = new Map<string, number>();
  readonly #sessionScopes = new Map<string, readonly string[]>();
  /** Changes a record before it is written: the outcome of a node by what is known from elsewhere. */
  amend: ((body: RecordBody, scope: readonly string[]) => RecordBody) | undefined;
  /** First error that nobody caught, of this process. */
  strayError: unknown;

  private constructor(writer: JournalWriter, options: RecorderOptions) {
    this.#writer = writer;
    this.#onRecord = options.onRecord;
  }

  /** @throws JournalWriteError */
  static open(options: RecorderOptions): Recorder {
    const file = join(options.resultsDir, journalFileName);
    const isOld = existsSync(file);
    const recorder = new Recorder(JournalWriter.open(file, { epoch: options.epoch }), options);
    if (isOld) recorder.#readOld(file);
    return recorder;
  }

  get journalBytes(): number {
    return this.#writer.sizeBytes;
  }

  /** True when an earlier autoserv wrote records. */
  get continued(): boolean {
    return this.#writer.lastSeq > 0;
  }

  /** @throws JournalWriteError: nothing of the record was written then */
  append(
    body: RecordBody,
    scope: readonly string[] = [],
    options: { from?: RecordEnvelope['from']; t?: number } = {},
  ): JournalRecord {
    const record = this.#writer.append(this.amend?.(body, scope) ?? body, scope, options);
    this.#know(record, false);
    return record;
  }

  /** Last `seq` of a client's journal that was taken over, 0 when none was. */
  takenOver(label: string): number {
    return this.#takenOver.get(label) ?? 0;
  }

  /** Scope under which the records of a session were taken over, where some were. */
  scopeOfSession(label: string): readonly string[] | undefined {
    return this.#sessionScopes.get(label);
  }

  sync(): void {
    this.#writer.sync();
  }

  close(): void {
    this.#writer.close();
  }

  #readOld(file: string): void {
    for (let offset = 0; ;) {
      const { records, nextOffset, more } = readJournal(file, offset);
      for (const record of records) this.#know(record, true);
      if (!more) return;
      offset = nextOffset;
    }
  }

  #know(record: JournalRecord, old: boolean): void {
    if (record.from && record.kind === 'boot')
      this.#sessionScopes.set(record.from.session ?? record.from.host, record.scope);
    if (record.from) this.#takenOver.set(record.from.session ?? record.from.host, record.from.seq);
    this.tree.apply(record);
    this.#onRecord(record, old);
  }
}
