import { StringDecoder } from 'node:string_decoder';
import { SaxesParser } from 'saxes';
import { messageOf, worstOutcome, type ResultOutcome } from '@autotest/core';
import {
  boundedSink,
  cutName,
  cutReason,
  formatLimits,
  type FormatReader,
  type FormatSink,
  type ReadNode,
} from './format-reader.ts';

interface Suite {
  readonly name: string;
  readonly children: ReadNode[];
  readonly claimed: { readonly tests: number | undefined; readonly bad: number };
  tests: number;
  bad: number;
}

interface Case {
  readonly name: string;
  readonly durationMs: number | undefined;
  outcome: ResultOutcome;
  reason: string | undefined;
}

const outcomeOfElement: Readonly<Record<string, ResultOutcome>> = {
  failure: 'fail',
  error: 'error',
  skipped: 'skip',
  // Surefire: passed when it was run again.
  flakyFailure: 'warn',
  flakyError: 'warn',
};

/** Reads JUnit's XML and its dialects (pytest, bats, ctest, meson, Surefire …). Document types are refused, entities never expanded. */
export class JunitReader implements FormatReader {
  readonly #sink: FormatSink & { readonly nodeCount: number };
  readonly #parser = new SaxesParser({ xmlns: false, fragment: false });
  readonly #decoder = new StringDecoder('utf8');
  readonly #suites: Suite[] = [];
  #case: Case | undefined;
  #verdict: { readonly outcome: ResultOutcome; readonly message: string; text: string } | undefined;
  #depth = 0;
  #total = 0;
  #seen = 0;
  #failure: string | undefined;

  constructor(sink: FormatSink) {
    this.#sink = boundedSink(sink);
    this.#parser.on('opentag', ({ name, attributes }) => this.#open(name, attributes));
    this.#parser.on('closetag', ({ name }) => this.#close(name));
    this.#parser.on('text', (text) => this.#text(text));
    this.#parser.on('cdata', (text) => this.#text(text));
    this.#parser.on('doctype', () => this.#fail('it has a document type, which results do not need'));
    this.#parser.on('error', (error) => this.#fail(error.message));
  }

  write(chunk: Uint8Array): void {
    this.#total += chunk.length;
    if (this.#total > formatLimits.totalBytes) this.#fail(`it has more than ${formatLimits.totalBytes} bytes`);
    this.#feed(this.#decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)));
  }

  end(): void {
    this.#feed(this.#decoder.end());
    if (this.#failure === undefined) this.#guard(() => this.#parser.close());
    // What was read before the fault is kept.
    while (this.#suites.length > 0) this.#endSuite();
    if (this.#failure !== undefined)
      this.#sink.node({
        name: 'broken XML',
        outcome: 'error',
        reason: cutReason(`The XML cannot be read: ${this.#failure}`),
        children: [],
      });
    else if (this.#seen === 0)
      this.#sink.node({ name: 'no results', outcome: 'error', reason: 'The XML holds no test case', children: [] });
  }

  #feed(text: string): void {
    if (text !== '' && this.#failure === undefined) this.#guard(() => this.#parser.write(text));
  }

  #guard(fn: () => void): void {
    try {
      fn();
    } catch (error) {
      this.#fail(messageOf(error));
    }
  }

  #fail(why: string): void {
    this.#failure ??= why;
  }

  #open(name: string, attributes: Readonly<Record<string, string>>): void {
    if (this.#failure !== undefined) return;
    this.#depth += 1;
    if (this.#depth > formatLimits.depth) return this.#fail(`it is nested deeper than ${formatLimits.depth} elements`);
    if (name === 'testsuite') this.#suites.push(makeSuite(attributes));
    else if (name === 'testcase') this.#case = makeCase(attributes);
    else if (this.#case && Object.hasOwn(outcomeOfElement, name)) {
      const message = attributes.message ?? attributes.type ?? '';
      this.#verdict = { outcome: outcomeOfElement[name] ?? 'unknown', message, text: '' };
    }
    return undefined;
  }

  #text(text: string): void {
    if (this.#verdict && this.#verdict.text.length < formatLimits.reasonLength)
      this.#verdict.text += text.slice(0, formatLimits.reasonLength);
  }

  #close(name: string): void {
    if (this.#failure !== undefined) return;
    this.#depth -= 1;
    if (name === 'testsuite') this.#endSuite();
    else if (name === 'testcase') this.#endCase();
    else if (this.#verdict && this.#case && Object.hasOwn(outcomeOfElement, name)) {
      const { outcome, message, text } = this.#verdict;
      this.#verdict = undefined;
      const worst = this.#case.outcome === 'pass' ? outcome : worstOutcome([this.#case.outcome, outcome]);
      this.#case.outcome = worst ?? outcome;
      this.#case.reason ??= cutReason(message || text) || undefined;
    }
  }

  #endCase(): void {
    const test = this.#case;
    this.#case = undefined;
    if (!test) return;
    this.#seen += 1;
    if (this.#seen > formatLimits.nodes) return this.#fail(`it has more than ${formatLimits.nodes} test cases`);
    const suite = this.#suites.at(-1);
    for (const around of this.#suites) {
      around.tests += 1;
      if (test.outcome === 'fail' || test.outcome === 'error') around.bad += 1;
    }
    const node: ReadNode = { ...test, name: cutName(test.name) || 'test case', children: [] };
    if (suite) suite.children.push(node);
    else this.#sink.node(node);
    return undefined;
  }

  #endSuite(): void {
    const suite = this.#suites.pop();
    if (!suite) return;
    const { claimed } = suite;
    if (claimed.tests !== undefined && claimed.tests !== suite.tests)
      this.#sink.problem(`suite ${suite.name} says ${claimed.tests} tests, ${suite.tests} are there`);
    if (claimed.bad > suite.bad) {
      const reason = `The suite says ${claimed.bad} tests failed, ${suite.bad} did`;
      suite.children.push({ name: 'missing failures', outcome: 'error', reason, children: [] });
    }
    const outcome = worstOutcome(suite.children.map((child) => child.outcome)) ?? 'skip';
    const node: ReadNode = { name: cutName(suite.name) || 'suite', outcome, children: suite.children };
    const parent = this.#suites.at(-1);
    if (parent) parent.children.push(node);
    else this.#sink.node(node);
  }
}

function makeSuite(attributes: Readonly<Record<string, string>>): Suite {
  const { name = '', tests, failures, errors } = attributes;
  return {
    name,
    children: [],
    claimed: { tests: countOf(tests), bad: (countOf(failures) ?? 0) + (countOf(errors) ?? 0) },
    tests: 0,
    bad: 0,
  };
}

function makeCase({ name = '', classname, time, status }: Readonly<Record<string, string>>): Case {
  const seconds = Number(time?.replaceAll(',', ''));
  return {
    name: classname && !name.startsWith(classname) ? `${classname}.${name}` : name,
    durationMs: Number.isFinite(seconds) && seconds >= 0 ? Math.round(seconds * 1000) : undefined,
    // CTest and gtest tell of tests that did not run.
    outcome: status === 'notrun' || status === 'disabled' ? 'skip' : 'pass',
    reason: undefined,
  };
}

function countOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}
