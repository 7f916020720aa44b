import { describe, expect, it } from 'vitest';
import { lines, read } from './read.ts';

describe('JUnit', () => {
  it('gives suites, cases, reasons and times', () => {
    const { nodes, problems } = read(
      'junit',
      `<?xml version="1.0"?><testsuites><testsuite name="s" tests="5" failures="1" errors="1">
        <testcase classname="pkg.C" name="good" time="1.5"/>
        <testcase name="bad"><failure message="1 &lt; 2">trace</failure></testcase>
        <testcase name="broken"><error><![CDATA[boom]]></error></testcase>
        <testcase name="not here"><skipped/></testcase>
        <testcase name="flaky"><flakyFailure message="once"/></testcase>
        <system-out>noise</system-out></testsuite></testsuites>`,
    );
    expect(problems).toEqual([]);
    expect(lines(nodes)).toEqual([
      's: error',
      '  pkg.C.good: pass',
      '  bad: fail (1 < 2)',
      '  broken: error (boom)',
      '  not here: skip',
      '  flaky: warn (once)',
    ]);
    expect(nodes[0]?.children[0]?.durationMs).toBe(1500);
  });

  it('keeps what was read before the XML breaks, and says so', () => {
    expect(lines(read('junit', '<testsuite name="s"><testcase name="a"/><testcase name="b"').nodes)).toEqual([
      's: pass',
      '  a: pass',
      expect.stringContaining('broken XML: error'),
    ]);
    expect(lines(read('junit', 'Segmentation fault').nodes)[0]).toContain('broken XML: error');
    expect(lines(read('junit', '<testsuite name="s"/>').nodes)).toContain(
      'no results: error (The XML holds no test case)',
    );
  });

  it('makes an error of failures that are counted and not there', () => {
    const { nodes, problems } = read(
      'junit',
      '<testsuite name="s" tests="2" failures="1"><testcase name="a"/></testsuite>',
    );
    expect(lines(nodes)).toEqual([
      's: error',
      '  a: pass',
      '  missing failures: error (The suite says 1 tests failed, 0 did)',
    ]);
    expect(problems).toEqual(['suite s says 2 tests, 1 are there']);
  });

  it('refuses document types, so entities cannot grow or read files', () => {
    const bomb = `<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;"><!ENTITY f SYSTEM "file:///etc/passwd">]>`;
    const { nodes } = read('junit', `${bomb}<testsuite name="s"><testcase name="&f;&b;"/></testsuite>`);
    expect(lines(nodes)).toEqual([
      'broken XML: error (The XML cannot be read: it has a document type, which results do not need)',
    ]);
  });
});
