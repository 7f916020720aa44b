import { describe, expect, test } from 'vitest';
import { ResultForest, type TreeView } from '../src/model/result-forest.ts';
import { resultNode } from './support/results.ts';

const plain: TreeView = { failedFirst: false, failuresOnly: false, chosen: new Map() };

function names(forest: ResultForest, view: Partial<TreeView> = {}): string[] {
  return forest.rows({ ...plain, ...view }).map((row) => `${'  '.repeat(row.level)}${row.node.name}`);
}

function sample(): ResultForest {
  const forest = new ResultForest();
  forest.put(resultNode('group', null, null));
  forest.put(resultNode('a', 'group', 'pass'));
  forest.put(resultNode('b', 'group', 'fail'));
  forest.put(resultNode('b1', 'b', 'fail'));
  forest.put(resultNode('c', null, 'pass'));
  return forest;
}

describe('a tree of results', () => {
  test('keeps the order in which nodes first appeared', () => {
    expect(names(sample())).toEqual(['group', '  a', '  b', '    b1', 'c']);
  });

  test('changes a node in its place', () => {
    const forest = sample();
    forest.put(resultNode('group', null, 'fail'));
    expect(forest.rows(plain)[0]?.node.outcome).toBe('fail');
    expect(forest.size).toBe(5);
  });

  test('counts the failures below a node, and takes them back when a node turns out well', () => {
    const forest = sample();
    expect(forest.rows(plain)[0]?.failuresBelow).toBe(2);
    forest.put(resultNode('b1', 'b', 'pass'));
    forest.put(resultNode('b', 'group', 'warn'));
    expect(forest.rows(plain)[0]?.failuresBelow).toBe(0);
  });

  test('shows failures first among siblings when asked, also those that only have them below', () => {
    const forest = new ResultForest();
    forest.put(resultNode('ok', null, 'pass'));
    forest.put(resultNode('running', null, null));
    forest.put(resultNode('outer', null, 'pass'));
    forest.put(resultNode('inner', 'outer', 'error'));
    expect(names(forest, { failedFirst: true })).toEqual(['outer', '  inner', 'running', 'ok']);
  });

  test('shows only what failed, with the way to it, when asked', () => {
    expect(names(sample(), { failuresOnly: true })).toEqual(['group', '  b', '    b1']);
  });

  test('obeys what the user opened and closed', () => {
    expect(names(sample(), { chosen: new Map([['group', false]]) })).toEqual(['group', 'c']);
  });

  test('is closed where it is large and all is well, and open where something failed or runs', () => {
    const forest = new ResultForest();
    for (const group of ['good', 'bad', 'busy']) {
      forest.put(resultNode(group, null, 'pass'));
      for (let i = 0; i < 40; i += 1) forest.put(resultNode(`${group}${i}`, group, 'pass'));
    }
    forest.put(resultNode('bad7', 'bad', 'timeout'));
    forest.put(resultNode('busy7', 'busy', null));
    const open = forest.rows(plain).filter((row) => row.isOpen);
    expect(open.map((row) => row.node.name)).toEqual(['bad', 'busy']);
  });

  test('names the first failure that is not only its children’s', () => {
    expect(sample().firstFailure()?.name).toBe('b1');
  });

  test('knows in whose directory a subtest has its files', () => {
    const forest = new ResultForest();
    forest.put(resultNode('disk', null, 'pass', { subdir: 'disk.cold' }));
    forest.put(resultNode('case', 'disk', 'pass'));
    forest.put(resultNode('group', null, 'pass'));
    expect([forest.subdirOf('case'), forest.subdirOf('disk'), forest.subdirOf('group')]).toEqual([
      'disk.cold',
      'disk.cold',
      undefined,
    ]);
  });
});
