import { describe, expect, it } from 'vitest';
import { unmetConstraint } from '../src/test-process/constraints.ts';

const values = new Map<string, unknown>([
  ['throughput', 120.5],
  ['cpu.user%', 10],
  ['mode', 'fast'],
  ['ok', true],
  ['list', [1]],
]);

describe('constraints', () => {
  it.each([
    'throughput > 100',
    'throughput>=120.5 and mode == "fast"',
    "mode != 'slow' && !(throughput < 100)",
    'throughput < 1 or throughput > 1e2',
    'not throughput < 1',
    'cpu.user% <= 10',
    'ok == true',
    '100 < throughput',
    'throughput = 120.5',
    'throughput > -5',
  ])('hold: %s', (constraint) => {
    expect(unmetConstraint(constraint, values)).toBeUndefined();
  });

  it('say what they saw when they do not hold', () => {
    expect(unmetConstraint('throughput > 200', values)).toBe(
      'throughput > 200: constraint was not met (throughput = 120.5)',
    );
  });

  it.each([
    ['latency > 1', 'there is no metric or attribute named latency'],
    ['throughput > "x"', 'cannot be compared'],
    ['throughput', 'expected a comparison'],
    ['throughput > 1 throughput', 'unexpected throughput'],
    ['(throughput > 1', 'a ) is missing'],
    ['process.exit(1) == 1', 'process.exit'],
    ['throughput > 1; 1', 'unexpected ";'],
    ['list == 1', 'no metric or attribute'],
    ['__proto__ == 1', 'no metric or attribute'],
    ['!'.repeat(500) + 'ok == true', 'nested too deep'],
    ['', 'expected a name'],
  ])('that cannot be evaluated are not met: %s', (constraint, why) => {
    expect(unmetConstraint(constraint, values)).toContain('could not evaluate constraint');
    expect(unmetConstraint(constraint, values)).toContain(why);
  });
});
