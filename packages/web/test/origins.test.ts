import { describe, expect, test } from 'vitest';
import { originsOf } from '../src/pages/job/job-detail.ts';

function host(name: string) {
  return { id: name, name };
}

describe('where results come from', () => {
  test('is not said of a single host', () => {
    const entries = new Map([['1', { host: host('a'), execution: { id: '10' } }]]);
    expect(originsOf({ entries, tasks: new Map() })).toEqual(new Map());
  });

  test('is the host where each host has an execution of its own', () => {
    const entries = new Map([
      ['1', { host: host('a'), execution: { id: '10' } }],
      ['2', { host: host('b'), execution: { id: '11' } }],
    ]);
    expect([...originsOf({ entries, tasks: new Map() })]).toEqual([
      ['10', 'a'],
      ['11', 'b'],
    ]);
  });

  test('is left to the tree where hosts share an execution, and is the task of a special task', () => {
    const entries = new Map([
      ['1', { host: host('a'), execution: { id: '10' } }],
      ['2', { host: host('b'), execution: { id: '10' } }],
    ]);
    const tasks = new Map([['5', { kind: 'verify' as const, host: host('a'), execution: { id: '20' } }]]);
    expect([...originsOf({ entries, tasks })]).toEqual([['20', 'verify a']]);
  });
});
