import { dirname } from 'node:path';
import { quoteWord } from '../quote.ts';
import type { LocalEntry } from './local-tree.ts';
import type { TransferSettings } from './options.ts';

/** What is needed of a remote stat. */
type Stats = ReadonlyMap<string, { readonly kind: string; readonly mode: number }>;

/** Longest line of a script that is one command, bytes; a kernel takes 128 KiB as one argument list without fail. */
const maxCommandBytes = 60_000;

/** Script that makes way: directories that are missing, and what has another kind than the source. Empty when all is well. */
export function adjustScript(entries: readonly LocalEntry[], there: Stats, settings: TransferSettings): string {
  const files: string[] = [];
  const directories: string[] = [];
  const missing: string[] = [];
  for (const { path, kind } of entries) {
    const found = there.get(path)?.kind;
    if (kind === 'directory') {
      if (found === 'file' || found === 'other') files.push(path);
      // A link may lead to a directory; mkdir -p says when it does not.
      if (found !== 'directory') missing.push(path);
    } else if (found === 'directory') directories.push(path);
  }
  return lines([
    ...(files.length + directories.length + missing.length > 0 ? ['umask 022', 'set -e'] : []),
    ...commands('rm -f --', files),
    ...commands(settings.deleteExtra ? 'rm -rf --' : 'rmdir --', directories),
    ...commands('mkdir -p --', missing),
  ]);
}

/** Script that gives modes to files that were there already, and to directories, inner ones first. */
export function finishScript(
  equal: readonly LocalEntry[],
  entries: readonly LocalEntry[],
  there: Stats,
  settings: TransferSettings,
): string {
  if (!settings.preservePermissions) return '';
  const differs = ({ path, mode }: LocalEntry): boolean => there.get(path)?.mode !== mode;
  const directories = entries
    .filter((entry) => entry.kind === 'directory' && there.get(entry.path)?.kind !== 'link' && differs(entry))
    .reverse();
  return chmodCommands([...equal.filter(differs), ...directories]);
}

/** Script that renames what an archive brought from a stage (`$s/t/…`) into its place. */
export function placeScript(sums: ReadonlyMap<string, string>, entries: readonly LocalEntry[]): string {
  const plain: string[] = [];
  const odd: string[] = [];
  for (const [path, sha256] of sums) {
    if (/[\n\r\\]/.test(path)) odd.push(`[ "$(sha256sum <"$s"/t/${quoteWord(path)})" = '${sha256}  -' ] || exit 65`);
    else plain.push(`${sha256}  ./${path}`);
  }
  const byDirectory = Map.groupBy(entries, ({ path }) => dirname(path));
  return lines([
    'umask 022',
    ...(plain.length > 0
      ? [`(cd "$s"/t && sha256sum -c -) >/dev/null 2>&1 <<'SUMS' || exit 65`, ...plain, 'SUMS']
      : []),
    ...odd,
    'set -e',
    ...[...byDirectory].flatMap(([directory, files]) =>
      commands(
        'mv -f --',
        files.map(({ path }) => path),
        '"$s"/t/',
        ` ${quoteWord(`./${directory}/`)}`,
      ),
    ),
  ]);
}

/** Gives files their modes, many by one command. */
export function chmodCommands(entries: readonly LocalEntry[]): string {
  const byMode = Map.groupBy(entries, ({ mode }) => mode);
  return lines(
    [...byMode].flatMap(([mode, list]) =>
      commands(
        `chmod ${mode.toString(8).padStart(4, '0')} --`,
        list.map(({ path }) => path),
      ),
    ),
  );
}

function commands(verb: string, paths: readonly string[], prefix = './', suffix = ''): string[] {
  const result: string[] = [];
  let line = verb;
  for (const path of paths) {
    const word = ` ${prefix}${quoteWord(path)}`;
    if (line.length + word.length > maxCommandBytes && line !== verb) {
      result.push(line + suffix);
      line = verb;
    }
    line += word;
  }
  if (line !== verb) result.push(line + suffix);
  return result;
}

function lines(parts: readonly string[]): string {
  return parts.map((part) => (part.endsWith('\n') ? part : `${part}\n`)).join('');
}
