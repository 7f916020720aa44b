import { unknownKernel, type ClassicKernel, type ClassicPatch } from './verdict.ts';

const maxPatches = 1000;

/** Kernel out of the fields `kernel`, `patch0`, `patch1`, … (`spec reference hash`); patches stop at the first number missing. */
export function kernelOfFields(fields: Readonly<Record<string, string>>): ClassicKernel {
  const base = (fields['kernel'] ?? '').replace(/-autotest$/, '');
  if (base === '') return unknownKernel;
  const patches: ClassicPatch[] = [];
  while (patches.length < maxPatches) {
    const field = fields[`patch${patches.length}`];
    if (field === undefined) break;
    const [spec = '', reference = '', hash = ''] = field.trim().split(/\s+/);
    patches.push({ spec, reference, hash });
  }
  return { base, patches };
}
