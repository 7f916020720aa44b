import { LabError } from '../errors.ts';

/**
 * Files of kernel modules in an order in which each finds what it needs.
 * @param modulesDep text of `modules.dep`: `FILE: FILES IT NEEDS, the deepest last`
 * @throws LabError where a module is not there
 */
export function moduleLoadOrder(modulesDep: string, wanted: readonly string[]): string[] {
  const lines = modulesDep.split('\n').map((line) => line.split(':'));
  const order = wanted.flatMap((name) => {
    const [file, needs = ''] = lines.find(([path = '']) => path.endsWith(`/${name}.ko`)) ?? [];
    if (file === undefined) throw new LabError(`The guest's kernel has no module ${name}.`);
    return [...needs.trim().split(/\s+/).filter(Boolean).reverse(), file];
  });
  return [...new Set(order)];
}
