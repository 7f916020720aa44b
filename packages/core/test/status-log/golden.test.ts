import { describe, expect, it } from 'vitest';
import { differencesOf } from './golden-compare.ts';
import { fixturesDir, goldenNames, haveFixtures, readFixture, readGolden } from './golden-fixtures.ts';
import { knownDifferences } from './known-differences.ts';

const defects = new Set(['D1', 'D2', 'D3', 'D4', 'D5', 'D6', 'D7', 'D8', 'D9', 'D10', 'D11', 'D12', 'D13', 'D14']);

const title = haveFixtures
  ? 'verdicts of the original parser'
  : `verdicts of the original parser (left out: there are no fixtures in ${fixturesDir})`;

describe.skipIf(!haveFixtures)(title, () => {
  it.each(goldenNames())('%s: ours are the same, but for the listed defects of the original', async (name) => {
    const golden = readGolden(name);
    const job = await readFixture(name, golden);
    const differences = differencesOf(job, golden).map((difference) => difference.join(' | '));
    expect(differences.sort()).toEqual(listed(name).sort());
  });

  it('lists differences for existing fixtures only, each with its defect', () => {
    const names = new Set(goldenNames());
    expect(Object.keys(knownDifferences).filter((name) => !names.has(name))).toEqual([]);
    const used = Object.values(knownDifferences).flatMap((text) => linesOf(text).map((line) => line.split(' ')[0]));
    expect(used.filter((defect) => !defects.has(defect ?? ''))).toEqual([]);
  });
});

/** The table's lines for a fixture, written as `differencesOf` says them. */
function listed(name: string): string[] {
  return linesOf(knownDifferences[name] ?? '').flatMap((line) => {
    const rest = line.replace(/^D\d+ /, '');
    const rows = /^rows(?: in ([^:]+))?: (.*)$/.exec(rest);
    if (!rows) return [rest];
    const [, parent, list = ''] = rows;
    return list.split(', ').map((item) => {
      const [row, status] = item.split(' ');
      return `${row} | row | ${status}${parent ? ` in ${parent}` : ''}`;
    });
  });
}

function linesOf(text: string): string[] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}
