import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const page = readFileSync(`${root}docs/reference/errors.md`, 'utf8');
const rows = page.split('\n').filter((line) => line.startsWith('| `AT_'));
const listed = rows.map((row) => /`(AT_[A-Z_]+)`/.exec(row)?.[1] ?? row);

const used = new Set(
  globSync('packages/*/src/**/*.{ts,vue}', { cwd: root }).flatMap((file) =>
    [...readFileSync(root + file, 'utf8').matchAll(/'(AT_[A-Z_]+[A-Z])'/g)].map((match) => match[1] ?? ''),
  ),
);

describe('the errors page', () => {
  it('lists every code that the source has, and no other', () => {
    expect(new Set(listed)).toEqual(used);
    expect(listed).toHaveLength(used.size);
  });

  it('says of each when it comes and what to do', () => {
    for (const row of rows)
      expect(
        row.split('|').map((cell) => cell.trim().length > 1),
        row,
      ).toEqual([false, true, true, true, false]);
  });
});
