import { expect, test } from 'vitest';
import type { RecordBody } from '@autotest/core';
import { DisabledTypes } from '../../src/console/disabled-types.ts';
import { HostClocks } from '../../src/console/host-clocks.ts';
import { RunningNodes } from '../../src/console/running-nodes.ts';

test('a type that was never disabled counts', () => {
  expect(new DisabledTypes().isDisabled('KernelBug', 5, 'h1')).toBe(false);
});

test('a report from before its type was disabled counts, one from then on does not', () => {
  const types = new DisabledTypes();
  types.disable('KernelBug', 10);
  expect([9, 10, 1000].map((t) => types.isDisabled('KernelBug', t, 'h1'))).toEqual([false, true, true]);
  expect(types.isDisabled('Lockdep', 11, 'h1')).toBe(false);
});

test('an interval ends where the type is enabled, and stays known; disabling twice is disabling once', () => {
  const types = new DisabledTypes();
  types.disable('KernelBug', 10);
  types.disable('KernelBug', 12);
  types.enable('KernelBug', 20);
  types.enable('KernelBug', 25);
  types.disable('KernelBug', 30);
  const at = [9, 10, 19, 20, 29, 30];
  expect(at.map((t) => types.isDisabled('KernelBug', t, 'h1'))).toEqual([false, true, true, false, false, true]);
});

test('what one host disables counts on others', () => {
  const types = new DisabledTypes();
  types.disable('KernelBug', 10, 'h1');
  expect(['h1', 'h2'].map((host) => types.isDisabled('KernelBug', 11, host))).toEqual([true, false]);
  types.disable('OutOfMemory', 10);
  expect(types.isDisabled('OutOfMemory', 11, 'h2')).toBe(true);
});

test('times of a host whose clock is wrong are times of ours', () => {
  const clocks = new HostClocks();
  clocks.saw('h1', 5000, 1250);
  clocks.saw('h1', 6000, 2020);
  clocks.saw('h1', 6500, 4000);
  expect(clocks.here('h1', 7000)).toBe(3020);
  expect(clocks.here('h2', 7000)).toBe(7000);
});

function running(several: boolean, ...bodies: [RecordBody, string[], number][]): RunningNodes {
  const nodes = new RunningNodes(several);
  for (const [body, scope, t] of bodies) nodes.take({ v: 1, seq: 1, t, epoch: 1, scope, ...body }, t);
  return nodes;
}
const start = (node: 'test' | 'group' | 'host', host?: string): RecordBody => ({
  kind: 'node.start',
  node,
  name: 'x',
  ...(host !== undefined && { host }),
});
const end: RecordBody = { kind: 'node.end', outcome: 'pass' };

test('a report belongs to the test that ran on its host at its time', () => {
  const nodes = running(
    true,
    [start('host', 'h1'), ['h1'], 0],
    [start('host', 'h2'), ['h2'], 0],
    [start('group'), ['h1', 'g'], 5],
    [start('test', 'h1'), ['h1', 'g', 'a'], 10],
    [start('test', 'h2'), ['h2', 'a'], 10],
    [end, ['h1', 'g', 'a'], 20],
    [start('test', 'h1'), ['h1', 'g', 'b'], 30],
  );
  expect([7, 15, 20, 25, 35].map((t) => nodes.at('h1', t).join('/'))).toEqual([
    'h1/g',
    'h1/g/a',
    'h1/g/a',
    'h1/g',
    'h1/g/b',
  ]);
  expect(nodes.at('h2', 15)).toEqual(['h2', 'a']);
  expect(nodes.at('h3', 15)).toEqual([]);
});

test('where there is one host, it is the host of whatever runs', () => {
  const nodes = running(false, [start('group'), ['g'], 0], [start('test', 'server.ctl'), ['g', 'a'], 10]);
  expect(nodes.at('h1', 15)).toEqual(['g']);
  expect(nodes.at('h1', -1)).toEqual([]);
});
