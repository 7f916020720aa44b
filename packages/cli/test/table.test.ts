import { describe, expect, it } from 'vitest';
import { formatTable } from '../src/output/table.ts';

const columns = [
  { title: 'name', value: (row: { name: string; n: number }) => row.name },
  { title: 'n', value: (row: { name: string; n: number }) => String(row.n), align: 'right' as const },
];

describe('a table', () => {
  it('aligns columns under their titles', () => {
    expect(
      formatTable(
        [
          { name: 'sleep', n: 1 },
          { name: 'io', n: 100 },
        ],
        columns,
      ),
    ).toBe('NAME     N\nsleep    1\nio     100');
  });

  it('counts wide characters as two cells', () => {
    expect(
      formatTable(
        [
          { name: '日本', n: 1 },
          { name: 'abcd', n: 2 },
        ],
        columns,
      )
        .split('\n')
        .slice(1),
    ).toEqual(['日本  1', 'abcd  2']);
  });

  it('lets no control characters of a stranger through', () => {
    const hostile = 'a\u001b]0;title\u0007b\nc\u009b31m\r';
    const table = formatTable([{ name: hostile, n: 1 }], columns);
    expect(table.split('\n')).toHaveLength(2);
    // oxlint-disable-next-line no-control-regex -- control characters are what must not be there
    expect(table).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });
});
