import { globSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../../', import.meta.url));
const page = readFileSync(`${root}docs/reference/differences-from-autotest.md`, 'utf8');

/** How many scenarios of each kind the original's scheduler tests have. */
const kinds = { F: 37, D: 40, T: 26, P: 6, A: 2, C: 1, J: 20 };
const scenarios = Object.entries(kinds).flatMap(([kind, count]) =>
  Array.from({ length: count }, (_, n) => `${kind}${String(n + 1).padStart(2, '0')}`),
);

const section = /## Scenarios of the original's tests\n([^]*?)(?:\n## |$)/.exec(page)?.[1] ?? '';
const rows = section.split('\n').filter((line) => /^\| [A-Z]\d/.test(line));

const inTable = rows.flatMap((row) => idsOf(row.split('|')[1] ?? ''));
const inTitles = globSync('packages/dispatcher/{test,integration}/**/*.test.ts', { cwd: root }).flatMap((file) =>
  [...readFileSync(root + file, 'utf8').matchAll(/\btest\(\s*['"`]([A-Z]\d\d)\b/g)].map((match) => match[1] ?? ''),
);

/** `P01, T16–T18` as single ids. */
function idsOf(cell: string): string[] {
  return cell.split(',').flatMap((part) => {
    const [first = '', last = first] = part.trim().split('–');
    const kind = first.slice(0, 1);
    const [from, to] = [Number(first.slice(1)), Number(last.slice(1))];
    return Array.from({ length: to - from + 1 }, (_, n) => `${kind}${String(from + n).padStart(2, '0')}`);
  });
}

describe("the scenarios of the original's tests", () => {
  it('are each the title of a test, or a row of the page that says what holds instead', () => {
    expect([...inTitles, ...inTable].sort()).toEqual(scenarios.toSorted());
  });

  it('have a reason in each row', () => {
    for (const row of rows)
      expect(
        row.split('|').map((cell) => cell.trim().length > 1),
        row,
      ).toEqual([false, true, true, true, false]);
  });
});
