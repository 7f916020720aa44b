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
