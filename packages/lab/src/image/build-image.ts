import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { LabError } from '../errors.ts';
import { runProgram } from '../programs.ts';
import { systemMirrors } from './apt-sources.ts';
import { guestLinks } from './guest-files.ts';
import type { GuestImage } from './guest-image.ts';
import { packInitramfs, type InitramfsEntry } from './initramfs.ts';
import { moduleLoadOrder } from './module-load-order.ts';
import { umlModulesDir, type ImageRecipe } from './recipe.ts';

interface BuildOptions {
  readonly onProgress: (what: string) => void;
  readonly signal?: AbortSignal;
}

const buildTimeoutMs = 20 * 60_000;
const directory = 0o040755;
const program = 0o100755;

/** Builds an image into its directory, which is empty. Leaves nothing else behind when it succeeds. */
export async function buildImage(recipe: ImageRecipe, image: GuestImage, options: BuildOptions): Promise<void> {
  const { onProgress, signal } = options;
  if (process.arch !== 'x64')
    throw new LabError(
      `The guest image is for x86-64 only, and this machine is ${process.arch}. Use namespaced hosts.`,
    );
  const run = (argv: readonly string[]): Promise<string> =>
    runProgram(argv, { timeoutMs: buildTimeoutMs, ...(signal && { signal }) });
  const root = join(image.dir, 'root');
  onProgress(`fetching and unpacking Debian ${recipe.suite} (${recipe.packages.join(', ')})`);
  await run([
    'mmdebstrap',
    '--quiet',
    '--variant=minbase',
    `--include=${recipe.packages.join(',')}`,
    ...['doc', 'man', 'locale', 'info'].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
    '--aptopt=APT::Install-Recommends "false"',
    recipe.suite,
    root,
    ...systemMirrors(recipe.suite),
  ]);
  onProgress('making kernel, initramfs and disk');
  const [kernel] = globSync('boot/vmlinuz-*', { cwd: root });
  if (kernel === undefined) throw new LabError(`No kernel came with ${recipe.packages.join(', ')}.`);
  copyFileSync(join(root, kernel), image.kernel);
  writeFileSync(
    image.initramfs,
    packInitramfs(initramfsEntries(root, basename(kernel).slice('vmlinuz-'.length), recipe)),
  );
  furnish(root, recipe);
  writeFileSync(image.disk, '');
  truncateSync(image.disk, recipe.diskBytes);
  await run(['mke2fs', '-q', '-t', 'ext4', '-F', '-L', 'root', '-J', 'size=8', '-m', '0', '-d', root, image.disk]);
  rmSync(root, { recursive: true, force: true });
}

/** Makes the tree a guest: our files, no keys, nothing that only an installation needs. */
function furnish(root: string, recipe: ImageRecipe): void {
  for (const path of globSync(['etc/ssh/ssh_host_*', 'boot/*', 'var/cache/apt/*', 'var/lib/apt/lists/*'], {
    cwd: root,
  }))
    rmSync(join(root, path), { recursive: true, force: true });
  rmSync(join(root, 'etc/machine-id'), { force: true });
  for (const [path, content] of Object.entries(recipe.files)) {
    const file = join(root, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
    chmodSync(file, content.startsWith('#!') ? 0o755 : 0o644);
  }
  for (const [path, target] of Object.entries(guestLinks)) {
    rmSync(join(root, path), { force: true });
    symlinkSync(target, join(root, path));
  }
  copyUmlModules(root, recipe.umlRelease);
}

/** Modules of User-mode Linux for faults: traffic control, firewalls, device mapper. */
function copyUmlModules(root: string, release: string): void {
  const from = join(umlModulesDir, release);
  if (release === '' || !existsSync(from)) return;
  const to = join(root, 'usr/lib/modules', release);
  for (const entry of readdirSync(from))
    if (entry.startsWith('modules.')) cpSync(join(from, entry), join(to, entry), { recursive: true });
  for (const part of ['lib', 'net', 'crypto', 'drivers/md', 'drivers/block', 'drivers/net'])
    if (existsSync(join(from, 'kernel', part)))
      cpSync(join(from, 'kernel', part), join(to, 'kernel', part), { recursive: true });
}

function initramfsEntries(root: string, release: string, recipe: ImageRecipe): InitramfsEntry[] {
  const read = (path: string): Buffer => readFileSync(join(root, path));
  const dependencies = read(`usr/lib/modules/${release}/modules.dep`).toString();
  const modules = moduleLoadOrder(dependencies, recipe.earlyModules).map((file, index): InitramfsEntry => {
    const path = `modules/${String(index).padStart(2, '0')}-${basename(file)}`;
    return { path, mode: 0o100644, content: read(`usr/lib/modules/${release}/${file}`) };
  });
  return [
    ...['bin', 'dev', 'proc', 'sys', 'root', 'modules'].map((path) => ({
      path,
      mode: directory,
    })),
    { path: 'dev/console', mode: 0o020600, device: [5, 1] },
    { path: 'init', mode: program, content: Buffer.from(recipe.initramfsInit) },
    { path: 'bin/busybox', mode: program, content: read('usr/bin/busybox') },
    ...modules,
  ];
}
