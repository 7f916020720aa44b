import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { readClassicTree } from '../../src/status-log/tree.ts';
import type { ClassicJob } from '../../src/status-log/classic-job.ts';
import type { Golden } from './golden-compare.ts';

/** Real result trees with the original's verdicts; not part of the repository. */
export const fixturesDir = join(import.meta.dirname, '../../../../../shared/fixtures/status-log');

export const haveFixtures = existsSync(fixturesDir);

/** `folder/name` or `folder/name.v0` of every verdict. */
export function goldenNames(): string[] {
  if (!haveFixtures) return [];
  const golden = join(fixturesDir, 'golden');
  return readdirSync(golden, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json'))
    .map((name) => name.replace(/\.json$/, ''))
    .sort();
}

export function readGolden(name: string): Golden {
  const golden: Golden = JSON.parse(readFileSync(join(fixturesDir, 'golden', `${name}.json`), 'utf8'));
  return golden;
}

/** Reads the tree a verdict is about. Files the original needed are put into a copy. */
export async function readFixture(name: string, golden: Golden): Promise<ClassicJob> {
  const { dir, path } = treeOf(name);
  const added = golden.files_added_before_parsing;
  const copy = added ? mkdtempSync(join(tmpdir(), 'autotest-golden-')) : null;
  try {
    if (copy && added) {
      cpSync(dir, copy, { recursive: true });
      for (const [file, text] of Object.entries(added)) writeFileSync(join(copy, file), text);
    }
    const jobs = await readClassicTree(copy ?? dir, { version: golden.version });
    const job = jobs.find((candidate) => candidate.path === path);
    if (!job) throw new Error(`${name}: no job at "${path}"; there are ${jobs.map((j) => `"${j.path}"`).join(', ')}`);
    return job;
  } finally {
    if (copy) rmSync(copy, { recursive: true });
  }
}

function treeOf(name: string): { dir: string; path: string } {
  const [folder = '', ...rest] = name.replace(/\.v0$/, '').split('/');
  const id = rest.join('/');
  const plain = join(fixturesDir, folder, id);
  if (folder === 'generated-client' || folder === 'client-results') return { dir: join(plain, 'default'), path: '' };
  if (folder === 'generated-server') {
    const [tree = '', host = ''] = id.split('.');
    return { dir: join(fixturesDir, folder, tree, 'results'), path: host };
  }
  if (folder !== 'public-server') return { dir: plain, path: '' };
  const lab = join(fixturesDir, folder, 'chromeos-lab', basename(id).replace(/^chromeos-lab-/, ''));
  return existsSync(lab) ? { dir: lab, path: '' } : { dir: join(plain, 'results-1-stub_PassServer'), path: '' };
}
