import { nullRecord } from '../json/null-record.ts';

/**
 * Name of a module in a bundle's `modules`, for a path that a control file or test names: `./tests/scratch.ts` is
 * `tests/scratch.ts`. Undefined for what is no relative path, such as the name of a bundled test.
 *
 * Paths are relative to the control file that runs, also where a file that it imports names them.
 *
 * @param controlKey key of that control file, where it is itself a module of the bundle (`runClientControl`)
 */
export function moduleKey(path: string, controlKey = ''): string | undefined {
  if (!path.startsWith('./') && !path.startsWith('../')) return undefined;
  const parts = controlKey.split('/').slice(0, -1);
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop();
    else parts.push(part);
  }
  return parts.join('/');
}

/**
 * The `modules` of a bundle as a client control file in it sees them (`runClientControl('./sub/client.ts')`): with keys relative to
 * that file, so that `moduleKey` of the paths in it finds them.
 *
 * @param controlKey key of that client control file
 */
export function modulesSeenFrom(modules: Readonly<Record<string, string>>, controlKey: string): Record<string, string> {
  const base = controlKey.split('/').slice(0, -1);
  return nullRecord(Object.entries(modules).map(([key, file]) => [relativeKey(base, key.split('/')), file] as const));
}

function relativeKey(base: readonly string[], parts: readonly string[]): string {
  let shared = 0;
  while (shared < base.length && base[shared] === parts[shared]) shared++;
  return [...base.slice(shared).map(() => '..'), ...parts.slice(shared)].join('/');
}
