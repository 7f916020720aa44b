import { readInside } from './tree-files.ts';
import { firstLine } from './job-data.ts';
import { unknownKernel, type ClassicKernel, type ClassicPatch } from './verdict.ts';

const maxBuildLogBytes = 64 * 1024 * 1024;
const maxBuilds = 20;

/** The kernel of a version-0 job: out of its first build log that is there, else its sysinfo. */
export async function readKernelV0(dir: string): Promise<{ kernel: ClassicKernel; isBuilt: boolean }> {
  for (let build = 1; build <= maxBuilds; build++) {
    const name = build === 1 ? 'build' : `build.${build}`;
    const log = await readInside(dir, `${name}/debug/build_log`, maxBuildLogBytes);
    if (log !== null) return { kernel: kernelOfBuildLog(log.text), isBuilt: true };
  }
  for (const name of ['sysinfo/reboot1/uname_-a', 'sysinfo/uname_-a']) {
    const release = (await firstLine(dir, name))?.split(/\s+/)[2];
    if (release) return { kernel: { base: release.replace(/-autotest$/, ''), patches: [] }, isBuilt: false };
  }
  return { kernel: unknownKernel, isBuilt: false };
}

function kernelOfBuildLog(text: string): ClassicKernel {
  let base = 'UNKNOWN';
  const patches: ClassicPatch[] = [];
  for (const line of text.split('\n')) {
    const [head, rest = ''] = line.split(': ', 2);
    const [spec = '', reference = '', hash = ''] = rest.trim().split(/\s+/);
    if (head === 'BASE' && spec !== '') base = spec;
    if (head === 'PATCH') patches.push({ spec, reference, hash });
  }
  return { base, patches };
}
