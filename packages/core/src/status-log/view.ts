import type { JournalRecord, RecordOf } from '../journal/record.ts';
import { nodePath } from '../journal/scope.ts';
import { formatStatusLine } from './line.ts';
import { statusOfOutcome, type ClassicStatus, type StatusCode } from './status.ts';

/*
 * The status log as a view of the journal. The log can only say nested things one after another, the journal holds what ran at the same time as
 * it came. So each open node has a place in its parent: the first of several open siblings is written as it happens, the others are held back and
 * follow in the order in which they began.
 */

export interface StatusLogViewOptions {
  /** Shows only this node and what is below it, as the log of one test does. @default everything */
  readonly root?: readonly string[];
}

interface OpenNode {
  readonly scope: readonly string[];
  readonly name: string | null;
  readonly subdir: string | null;
  readonly parent: OpenNode | undefined;
  readonly depth: number;
  /** Children and lines of this node in order of their beginning; only the first is written as it happens. */
  readonly queue: (OpenNode | string)[];
  ended: boolean;
}

/** Makes lines of a status log (version 1) from journal records, one after another. Pure: the same records give the same text. */
export class StatusLogView {
  readonly #root: readonly string[];
  readonly #top: OpenNode;
  readonly #open = new Map<string, OpenNode>();
  #text = '';

  constructor(options: StatusLogViewOptions = {}) {
    this.#root = options.root ?? [];
    this.#top = { scope: [], name: null, subdir: null, parent: undefined, depth: -1, queue: [], ended: false };
  }

  /** Takes one record in; gives the text to append to the log, often none. */
  apply(record: JournalRecord): string {
    if (!this.#root.every((segment, index) => record.scope[index] === segment)) return '';
    this.#text = '';
    this.#take(record);
    return this.#text;
  }

  /** Ends what is open, as a log that ends early must. */
  close(t: number, reason = 'Job aborted unexpectedly'): string {
    this.#text = '';
    for (const node of [...this.#open.values()].toReversed()) this.#end(node, t, 'ABORT', reason);
    return this.#text;
  }

  #take(record: JournalRecord): void {
    switch (record.kind) {
      case 'job.start':
        if (record.controlType === 'client') this.#start(record, jobKey, null, null, {});
        return;
      case 'job.end':
        this.#endAt(record, jobKey, record.outcome === 'abort' ? 'ABORT' : 'GOOD', record.reason);
        return;
      case 'node.start': {
        const fields: Record<string, string> = {};
        if (record.timeoutMs !== undefined) fields.timeout = String(Math.round(record.timeoutMs / 1000));
        if (record.attempt !== undefined) fields.attempt = String(record.attempt);
        this.#start(record, '', record.name, record.subdir ?? null, fields);
        return;
      }
      case 'node.end':
        this.#endAt(record, '', statusOfOutcome[record.outcome], record.reason);
        return;
      case 'node.result':
        this.#result(record);
        return;
      case 'reboot':
        this.#reboot(record);
        return;
      case 'info':
        this.#line(record, 'INFO', null, null, record.message, record.fields);
        return;
      case 'fault':
        this.#line(record, 'ERROR', null, null, `${record.code}: ${record.message}`);
        return;
      case 'problem':
        this.#line(record, 'INFO', null, null, `${record.source}: ${record.message}`);
        return;
      case 'abort.request':
        this.#line(record, 'INFO', null, null, '', { job_abort_reason: `${record.reason} (${record.by})` });
        return;
      case 'transport':
        if (record.event === 'lost' || record.event === 'resumed')
          this.#line(
            record,
            'INFO',
            null,
            null,
            `connection to ${record.host} ${record.event}${suffix(record.message)}`,
          );
        return;
      case 'end':
        if (this.#root.length === 0) this.#text += this.#closeText(record);
        return;
      default:
    }
  }

  #closeText(record: RecordOf<'end'>): string {
    const before = this.#text;
    return before + this.close(record.t, record.cause?.message ?? 'Job aborted unexpectedly');
  }

  #start(
    record: JournalRecord,
    extra: string,
    name: string | null,
    subdir: string | null,
    fields: Readonly<Record<string, string>>,
  ): void {
    const key = nodePath(record.scope) + extra;
    const known = this.#open.get(key);
    if (known) this.#end(known, record.t, 'ABORT', 'began again without having ended');
    const parent = this.#parentOf(record.scope, extra);
    const depth = parent.depth + 1;
    const node: OpenNode = {
      scope: record.scope,
      name,
      subdir: subdir ?? parent.subdir,
      parent,
      depth,
      queue: [],
      ended: false,
    };
    this.#open.set(key, node);
    parent.queue.push(node);
    node.queue.push(lineText(depth, 'START', node.subdir, name, record.t, '', fields));
    this.#flush();
  }

  #endAt(record: JournalRecord, extra: string, status: ClassicStatus, reason: string | undefined): void {
    const node = this.#open.get(nodePath(record.scope) + extra);
    if (node) this.#end(node, record.t, status, reason);
  }

  #end(node: OpenNode, t: number, status: ClassicStatus, reason: string | undefined): void {
    // What is open below a node that ends has lost its end.
    for (const child of [...this.#open.values()].toReversed())
      if (child.parent === node) this.#end(child, t, 'ABORT', reason ?? 'ended with its parent');
    const { depth, subdir, name } = node;
    const message = reason ?? (status === 'GOOD' ? 'completed successfully' : '');
    // Lines of a nameless level say nothing about a test.
    if (name !== null || reason !== undefined)
      node.queue.push(lineText(depth + 1, status, subdir, name, t, message, {}));
    node.queue.push(lineText(depth, `END ${status}`, subdir, name, t, '', {}));
    node.ended = true;
    for (const [key, open] of this.#open) if (open === node) this.#open.delete(key);
    this.#flush();
  }

  #result(record: RecordOf<'node.result'>): void {
    const parent = this.#parentOf(record.scope, '');
    const below = record.scope.slice(parent.scope.length);
    // Results nest without an end of their own; the log shows them one after another, by their path.
    const operation = below.length > 1 ? below.join('/') : record.name;
    const subdir = record.subdir ?? parent.subdir;
    const message = record.reason ?? (record.outcome === 'pass' ? 'completed successfully' : '');
    this.#push(
      parent,
      lineText(
        parent.depth + 1,
        statusOfOutcome[record.outcome],
        subdir,
        operation,
        record.t,
        message,
        record.fields ?? {},
      ),
    );
  }

  #reboot(record: RecordOf<'reboot'>): void {
    const key = nodePath(record.scope) + rebootKey;
    if (record.event === 'start') {
      this.#start(record, rebootKey, 'reboot', null, {});
      this.#pushTo(key, record, 'GOOD', 'reboot.start', record.message);
      return;
    }
    if (record.event === 'verify') {
      this.#pushTo(key, record, record.message === undefined ? 'GOOD' : 'WARN', 'reboot.verify', record.message);
      return;
    }
    if (record.event === 'unexpected') {
      this.#line(record, 'WARN', null, 'reboot.unexpected', record.message ?? '');
      return;
    }
    this.#endAt(record, rebootKey, 'GOOD', undefined);
  }

  #pushTo(key: string, record: JournalRecord, status: ClassicStatus, operation: string, message = ''): void {
    const node = this.#open.get(key);
    if (node) this.#push(node, lineText(node.depth + 1, status, null, operation, record.t, message, {}));
  }

  #line(
    record: JournalRecord,
    code: StatusCode,
    subdir: string | null,
    operation: string | null,
    message: string,
    fields: Readonly<Record<string, string>> = {},
  ): void {
    const node = this.#innermost(record.scope);
    this.#push(node, lineText(node.depth + 1, code, subdir, operation, record.t, message, fields));
  }

  #push(node: OpenNode, line: string): void {
    node.queue.push(line);
    this.#flush();
  }

  /** The open node that something new of this scope stands in. */
  #parentOf(scope: readonly string[], extra: string): OpenNode {
    return extra === rebootKey ? this.#innermost(scope) : this.#innermost(scope.slice(0, -1), scope.length === 0);
  }

  #innermost(scope: readonly string[], isJob = false): OpenNode {
    for (let length = scope.length; length >= 0; length--) {
      const path = nodePath(scope.slice(0, length));
      const node = this.#open.get(path + jobKey) ?? (length > 0 ? this.#open.get(path) : undefined);
      if (node && !isJob) return node;
    }
    return this.#top;
  }

  #flush(): void {
    this.#drain(this.#top);
  }

  /** Writes what is first in a node's queue as far as it goes. */
  #drain(node: OpenNode): boolean {
    while (node.queue.length > 0) {
      const first = node.queue[0]!;
      if (typeof first === 'string') this.#text += first;
      else if (!this.#drain(first)) return false;
      node.queue.shift();
    }
    return node.ended;
  }
}

const jobKey = '\0job';
const rebootKey = '\0reboot';

function suffix(message: string | undefined): string {
  return message === undefined ? '' : `: ${message}`;
}

function lineText(
  depth: number,
  code: StatusCode,
  subdir: string | null,
  operation: string | null,
  t: number,
  message: string,
  fields: Readonly<Record<string, string>>,
): string {
  const times = { timestamp: String(Math.floor(t / 1000)), localtime: localTime(t) };
  return formatStatusLine({
    indent: Math.max(0, depth),
    code,
    subdir,
    operation,
    fields: { ...fields, ...times },
    message,
    extraLines: [],
  });
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Nov 23 20:04:05`, as the original writes it. */
function localTime(t: number): string {
  const date = new Date(t);
  return `${months[date.getMonth()]} ${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
