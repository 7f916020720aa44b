import { existsSync, globSync, readFileSync } from 'node:fs';

/** Files in which this system names its own mirrors of a release of Debian, for mmdebstrap; none: its default. */
export function systemMirrors(suite: string, etcApt = '/etc/apt'): string[] {
  const files = globSync(['sources.list', 'sources.list.d/*.{list,sources}'], { cwd: etcApt }).sort();
  return files
    .map((file) => `${etcApt}/${file}`)
    .filter((file) => existsSync(file) && namesSuite(readFileSync(file, 'utf8'), suite));
}

function namesSuite(text: string, suite: string): boolean {
  const lines = text.split('\n').filter((line) => !line.startsWith('#'));
  const words = lines.join(' ').split(/\s+/);
  return words.includes(suite) && words.some((word) => /^https?:.*\/debian\/?$/.test(word));
}
