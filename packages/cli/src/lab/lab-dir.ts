import { join } from 'node:path';
import { defaultDataDir } from '../config.ts';

/** Where a lab keeps its keys, disks and sockets: beside the server's data, so that commands of the same user find it. */
export function defaultLabDir(): string {
  return join(defaultDataDir(), 'lab');
}
