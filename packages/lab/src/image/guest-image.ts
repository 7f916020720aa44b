import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { labCacheDir } from './cache-dir.ts';
import { withFileLock } from './file-lock.ts';
import { buildImage } from './build-image.ts';
import { imageRecipe, recipeKey } from './recipe.ts';

/** A root file system and a kernel, shared by all machines of a lab; never written. */
export interface GuestImage {
  readonly dir: string;
  /** ext4, raw and sparse. */
  readonly disk: string;
  /** For virtual machines; a User-mode Linux machine brings its own. */
  readonly kernel: string;
  readonly initramfs: string;
}

export interface GuestImageOptions {
  /** @default labCacheDir() */
  readonly cacheDir?: string;
  /** Called with each step of the build, which takes a minute or more and needs the network; not called when the image is there. */
  readonly onProgress?: (what: string) => void;
  readonly signal?: AbortSignal;
}

/**
 * The guest image for this machine: from the cache, or built now and kept there. Of processes that ask at once, one builds and the others wait. A build that is
 * killed leaves a directory that the next one deletes.
 * @throws LabError where a program is missing or packages cannot be fetched
 */
export async function guestImage(options: GuestImageOptions = {}): Promise<GuestImage> {
  const { cacheDir = labCacheDir(), onProgress = () => undefined, signal } = options;
  const recipe = imageRecipe();
  const name = `guest-${recipeKey(recipe)}`;
  const image = imageIn(join(cacheDir, name));
  if (existsSync(image.dir)) return image;
  mkdirSync(cacheDir, { recursive: true });
  const lock = {
    ...(signal && { signal }),
    onWait: () => onProgress('waiting for another process to build the image'),
  };
  await withFileLock(join(cacheDir, `${name}.lock`), lock, async () => {
    if (existsSync(image.dir)) return;
    const building = `${name}.building`;
    for (const entry of readdirSync(cacheDir))
      if (entry === building) rmSync(join(cacheDir, entry), { recursive: true, force: true });
    const dir = join(cacheDir, building);
    mkdirSync(dir);
    try {
      await buildImage(recipe, imageIn(dir), { onProgress, ...(signal && { signal }) });
      renameSync(dir, image.dir);
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });
  return image;
}

function imageIn(dir: string): GuestImage {
  return { dir, disk: join(dir, 'disk.img'), kernel: join(dir, 'vmlinuz'), initramfs: join(dir, 'initramfs.cpio') };
}
