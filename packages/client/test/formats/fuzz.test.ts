import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isFailure } from '@autotest/core';
import { counts, read } from './read.ts';

const payloads = new URL('../../../../../shared/fixtures/payloads/', import.meta.url);

/** Reproducible noise. */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const samples = {
  tap: 'TAP version 14\n1..3\nok 1 - a\n    ok 1 - b # SKIP x\n    1..1\nnot ok 2 - c\n  ---\n  message: x\n  ...\nok 3\nBail out! y\n',
  ktap: 'KTAP version 1\n1..1\n  KTAP version 1\n  1..2\n  ok 1 a\n# not ok 2 b # TIMEOUT\nok 1 s\n',
  junit:
    '<?xml version="1.0"?><testsuites><testsuite name="a" tests="1"><testcase name="b"><failure>x</failure></testcase></testsuite></testsuites>',
} as const;

describe('readers of result formats', () => {
  for (const format of ['tap', 'ktap', 'junit'] as const) {
    it(`take any bytes as ${format} and never pass what they cannot read`, () => {
      const random = makeRandom(42);
      for (let round = 0; round < 400; round++) {
        const bytes = Buffer.from(samples[format].repeat(1 + Math.floor(random() * 3)));
        for (let change = 0; change < 1 + round / 20; change++)
          bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
        const cut = bytes.subarray(0, Math.floor(random() * bytes.length) + 1);
        const { nodes } = read(format, cut, 1 + Math.floor(random() * 50));
        expect(nodes.length).toBeGreaterThan(0);
      }
    });

    it(`find an error or failure in every ${format} that is cut before its end`, () => {
      const whole = samples[format];
      const end = format === 'junit' ? whole.length - 1 : whole.lastIndexOf('\n', whole.length - 2) - 30;
      for (let length = 0; length < end; length++) {
        const { nodes } = read(format, whole.slice(0, length), 1000);
        expect(
          nodes.some(({ outcome }) => isFailure(outcome)),
          `cut after ${length}: ${whole.slice(0, length)}`,
        ).toBe(true);
      }
    });
  }
});

/** What people count in these outputs of real programs. */
const real: readonly (readonly ['tap' | 'ktap' | 'junit', string, Readonly<Record<string, number>>])[] = [
  ['tap', 'bats-tap.txt', { pass: 1, fail: 1, skip: 1 }],
  ['tap', 'cmocka-tap.txt', { pass: 1, fail: 1, skip: 1 }],
  ['tap', 'node-test-tap.txt', { pass: 2, fail: 2, skip: 1, warn: 1 }],
  ['tap', 'tap-perl-pass.txt', { pass: 2, skip: 1, warn: 1 }],
  ['tap', 'tap-perl-bailout.txt', { pass: 1, error: 1 }],
  ['tap', 'tap-perl-crash.txt', { pass: 1, error: 1 }],
  ['ktap', 'kselftest-timers-nanosleep.txt', { pass: 4, skip: 8 }],
  ['ktap', 'ktap-kunit-samples/test_is_test_passed-failure.log', { pass: 9, fail: 1 }],
  ['ktap', 'ktap-kunit-samples/test_kernel_panic_interrupt.log', { pass: 8, error: 2 }],
  ['ktap', 'ktap-kunit-samples/test_skip_all_tests.log', { skip: 5 }],
  ['junit', 'ctest-junit.xml', { pass: 1, fail: 2 }],
  ['junit', 'pytest-junit.xml', { pass: 2, fail: 3, skip: 2, error: 1 }],
  ['junit', 'gtest.xml', { pass: 3, fail: 2, skip: 2 }],
  ['junit', 'meson/testlog.junit.xml', { pass: 3, fail: 3, skip: 1, error: 1 }],
];

describe.runIf(existsSync(payloads))('outputs of real programs', () => {
  for (const [format, file, expected] of real) {
    it(`are counted right: ${file}`, () => {
      expect(counts(read(format, readFileSync(new URL(file, payloads)), 4096).nodes)).toEqual(expected);
    });
  }
});
