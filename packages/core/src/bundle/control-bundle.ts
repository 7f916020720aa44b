import { createHash } from 'node:crypto';
import type { ControlMetadata } from '../control/metadata.ts';
import { isJsonValue } from '../json/json-value.ts';
import { stableStringify } from '../json/stable-stringify.ts';
import { BundleCorruptError } from './errors.ts';

/** A control file with everything it needs, as it is stored and run. */
export interface ControlBundle {
  /** `sha256:` and 64 hex digits, over all that follows but `sizeBytes`. The same input gives the same hash in any directory. */
  readonly hash: string;
  /** The file that runs: `control.mjs`. */
  readonly entry: string;
  /** Contents by relative path. Each file stands alone: it imports nothing but `node:` modules. */
  readonly files: Readonly<Record<string, string>>;
  /** The control file as it was written. */
  readonly source: string;
  /** Its name, without directories. */
  readonly fileName: string;
  readonly metadata: ControlMetadata;
  /** Files of tests and client control files that the control file names by path, by `moduleKey` of that path. */
  readonly modules: Readonly<Record<string, string>>;
  /** Bytes of all files. */
  readonly sizeBytes: number;
}

/** What a bundle holds, before it is sealed with its hash. */
export type BundleContent = Omit<ControlBundle, 'hash' | 'sizeBytes'>;

export function sealBundle(content: BundleContent): ControlBundle {
  return { ...content, hash: hashBundle(content), sizeBytes: sizeOfFiles(content.files) };
}

export function hashBundle({ entry, files, source, fileName, metadata, modules }: BundleContent): string {
  const content: unknown = { entry, files, source, fileName, metadata, modules };
  if (!isJsonValue(content)) throw new BundleCorruptError('it holds what JSON cannot say.');
  return `sha256:${createHash('sha256').update(stableStringify(content)).digest('hex')}`;
}

export function sizeOfFiles(files: Readonly<Record<string, string>>): number {
  return Object.values(files).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
}

/** A path as a bundle names it: below the bundle's directory even where the file was beside or above the control file. */
export function bundlePath(path: string): string {
  return path.replace(/(^|\/)\.\.(?=\/|$)/g, '$1_up');
}

/** Whether a path names a file below a directory, in the one way a bundle may write it. */
export function isBundlePath(path: string): boolean {
  if (path.length > 1000 || /[\\\p{Cc}]/u.test(path)) return false;
  return path.split('/').every((part) => part !== '' && part !== '.' && part !== '..');
}
