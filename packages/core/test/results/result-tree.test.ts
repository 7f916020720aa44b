import { nodePath, parseNodePath, ResultTree, type RecordBody } from '@autotest/core';
import { describe, expect, it } from 'vitest';

function treeOf(...bodies: [scope: string[], body: RecordBody][]): ResultTree {
  const tree = new ResultTree();
  bodies.forEach(([scope, body], n) => tree.apply({ v: 1, seq: n + 1, t: 1000 + n, epoch: 0, scope, ...body }));
  return tree;
}
const start = (name: string, node: 'test' | 'group' = 'test'): RecordBody => ({ kind: 'node.start', node, name });
const end = (outcome: 'pass' | 'fail' | 'skip'): RecordBody => ({ kind: 'node.end', outcome });

describe('the result tree', () => {
  it('keeps inner tests of a group and their order', () => {
    const tree = treeOf(
      [['g'], start('g', 'group')],
      [['g', 'a'], start('a')],
      [['g', 'a'], end('pass')],
      [['g', 'b'], start('b')],
      [['g', 'b'], end('fail')],
      [['g'], end('fail')],
    );
    expect([...tree.nodes()].map((node) => [node.path, node.outcome])).toEqual([
      ['g', 'fail'],
      ['g/a', 'pass'],
      ['g/b', 'fail'],
    ]);
    expect(tree.counts()).toMatchObject({ total: 2, pass: 1, fail: 1 });
    expect(tree.outcome()).toBe('fail');
  });

  it('does not let a skip make a job fail, nor hide a pass', () => {
    expect(treeOf([['a'], start('a')], [['a'], end('skip')]).outcome()).toBe('skip');
    expect(treeOf([['a'], start('a')], [['a'], end('skip')], [['b'], start('b')], [['b'], end('pass')]).outcome()).toBe(
      'pass',
    );
  });

  it('counts what never ended as abort and lists it deepest first', () => {
    const tree = treeOf([['g'], start('g', 'group')], [['g', 'a'], start('a')]);
    expect(tree.outcome()).toBe('abort');
    expect(tree.open().map((node) => node.path)).toEqual(['g/a', 'g']);
  });

  it('takes an iteration that is told twice once', () => {
    const iteration: RecordBody = { kind: 'iteration', index: 1, metrics: [], attributes: {}, durationMs: 1 };
    expect(treeOf([['a'], start('a')], [['a'], iteration], [['a'], iteration]).node('a')?.iterations).toHaveLength(1);
  });

  it('makes a node whose start is missing', () => {
    expect(treeOf([['g', 'a'], end('pass')]).node('g')?.children[0]?.outcome).toBe('pass');
  });

  it('keeps names of strangers apart from the structure', () => {
    const hostile = ['a/b', '', '..', '%2F', 'new\nline', '__proto__'];
    expect(parseNodePath(nodePath(hostile))).toEqual(hostile);
    expect(nodePath(hostile).split('/')).toHaveLength(hostile.length);
    const tree = treeOf(
      [['__proto__'], start('__proto__')],
      [[], { kind: 'keyval', values: JSON.parse('{"__proto__":{"x":1}}') }],
    );
    expect(tree.node('__proto__')?.name).toBe('__proto__');
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});
