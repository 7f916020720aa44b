import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { safeFileName, writeFileAtomic } from '@autotest/core/node';
import { withFileLock } from './lock.ts';

const lockTimeoutMs = 3_600_000;

/** Directory that a test's `setup` fills, kept between jobs. */
export function sourceDirOf(cacheDir: string, testName: string): string {
  return join(cacheDir, 'tests', safeFileName(testName), 'src');
}

/** Runs `setup` unless it succeeded with this version before; into an empty directory, under a lock. A set-up that fails is not remembered. */
export async function setUpOnce(
  cacheDir: string,
  testName: string,
  version: number,
  setup: () => Promise<void>,
): Promise<void> {
  const srcDir = sourceDirOf(cacheDir, testName);
  const versionFile = join(srcDir, '..', '.version');
  mkdirSync(join(srcDir, '..'), { recursive: true });
  await withFileLock(join(srcDir, '..', '.lock'), lockTimeoutMs, async () => {
    if (readVersion(versionFile) === String(version)) return;
    rmSync(versionFile, { force: true });
    rmSync(srcDir, { recursive: true, force: true });
    mkdirSync(srcDir);
    await setup();
    writeFileAtomic(versionFile, `${version}\n`);
  });
}

function readVersion(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return undefined;
  }
}
