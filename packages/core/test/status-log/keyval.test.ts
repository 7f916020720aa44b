import { describe, expect, it } from 'vitest';
import { parseIterations, parseIterationsV0, parseKeyval } from '../../src/status-log/keyval.ts';

/** Plain copies, for comparing with literals. */
function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function problemsOf(read: (problem: (line: number, text: string, why: string) => void) => unknown): string[] {
  const found: string[] = [];
  read((line, _text, why) => found.push(`${line} ${why}`));
  return found;
}

describe('keyval files', () => {
  it('reads numbers as numbers, keeps = in values, cuts comments, lets the last line win', () => {
    const text = 'a=1\nb=1.50\nc=x=y # why\nd.e-f_g=\n# only a comment\na=2\nneg=-1\n';
    expect(plain(parseKeyval(text))).toEqual({ a: 2, b: 1.5, c: 'x=y', 'd.e-f_g': '', neg: '-1' });
  });

  it('keeps a number it cannot hold as text', () => {
    expect(plain(parseKeyval('id=12345678901234567890'))).toEqual({ id: '12345678901234567890' });
  });

  it('reports lines that are none and keeps the rest', () => {
    expect(problemsOf((problem) => parseKeyval('a=1\nnothing\nb c=2\n', problem))).toEqual([
      '2 not a key=value line',
      '3 not a key=value line',
    ]);
  });

  it('takes __proto__ as a key like any other', () => {
    expect(Object.keys(parseKeyval('__proto__=1'))).toEqual(['__proto__']);
  });
});

describe('iteration keyvals', () => {
  it('ends an iteration at each empty line and counts a last one without', () => {
    expect(plain(parseIterations('x{perf}=1\nmode{attr}=a=b\n\n\ny=2.5e1'))).toEqual([
      { index: 1, attr: { mode: 'a=b' }, perf: { x: 1 } },
      { index: 2, attr: {}, perf: {} },
      { index: 3, attr: {}, perf: { y: 25 } },
    ]);
  });

  it('leaves out and reports what is no number, has an unknown type or is no keyval', () => {
    const text = 'a=1\nb=fast\nc{perf}=nan\nd{time}=1\nnothing\ne=0x10\nf=\n';
    expect(plain(parseIterations(text))).toEqual([{ index: 1, attr: {}, perf: { a: 1 } }]);
    expect(problemsOf((problem) => parseIterations(text, problem))).toEqual([
      '2 the value is not a number',
      '3 the value is not a number',
      '4 unknown type "time"',
      '5 not a key=value line',
      '6 the value is not a number',
      '7 the value is not a number',
    ]);
  });

  it('keeps keys and values of version 0 as written', () => {
    expect(plain(parseIterationsV0('x{perf}=1\ny=fast\n\n'))).toEqual([
      { index: 1, attr: {}, perf: { 'x{perf}': '1', y: 'fast' } },
    ]);
  });
});
