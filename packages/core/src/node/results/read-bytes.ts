import { openFile } from './open-file.ts';
import type { FileBytes } from './results-reader.ts';

/** Reads at most `lengthBytes` from an offset. Undefined where there is no such file. */
export async function readBytes(
  root: string,
  path: string,
  offset: number,
  lengthBytes: number,
): Promise<FileBytes | undefined> {
  const file = await openFile(root, path);
  if (file === undefined) return undefined;
  const { handle, sizeBytes } = file;
  try {
    const buffer = Buffer.allocUnsafe(Math.min(lengthBytes, Math.max(0, sizeBytes - offset)));
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, offset + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return { bytes: buffer.subarray(0, filled), sizeBytes };
  } finally {
    await handle.close();
  }
}
