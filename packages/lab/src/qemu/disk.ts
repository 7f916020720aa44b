import { existsSync } from 'node:fs';
import type { GuestImage } from '../image/guest-image.ts';
import { runProgram } from '../programs.ts';

/** Makes a machine's own disk over the image's, unless it is there. */
export async function makeDisk(file: string, image: GuestImage): Promise<void> {
  if (existsSync(file)) return;
  await runProgram(['qemu-img', 'create', '-q', '-f', 'qcow2', '-b', image.disk, '-F', 'raw', file], {
    timeoutMs: 20_000,
  });
}
