import { messageOf } from '../errors/autotest-error.ts';
import { type ControlMetadata, controlTypes } from '../control/metadata.ts';
import { isPlainObject, isJsonValue } from '../json/json-value.ts';
import { nullRecord } from '../json/null-record.ts';
import { type BundleContent, type ControlBundle, hashBundle, isBundlePath, sizeOfFiles } from './control-bundle.ts';
import { BundleCorruptError, ControlFileError, ControlTooLargeError } from './errors.ts';
import { readControlMetadata } from './metadata.ts';

/** The bundle as JSON text, for the database or the wire. */
export function bundleToJson(bundle: ControlBundle): string {
  const { hash, entry, files, source, fileName, metadata, modules, sizeBytes } = bundle;
  return JSON.stringify({ hash, entry, files, source, fileName, metadata, modules, sizeBytes });
}

export interface ReadBundleOptions {
  /** Most bytes of the bundle's files. @default 8 MiB */
  readonly maxBytes?: number;
  /**
   * The text is from our own store, which took it only after a full check: its metadata is believed, so that a job can be rerun
   * even when later versions ask more of control files. @default false
   */
  readonly stored?: boolean;
}

/**
 * Reads a bundle that was stored or sent. Its shape, paths, hash and size are checked, and its metadata against its source: what
 * this gives is safe to write to disk and to show.
 *
 * @throws BundleCorruptError (`AT_BUNDLE_CORRUPT`)
 * @throws ControlTooLargeError (`AT_CONTROL_TOO_LARGE`)
 */
export function bundleFromJson(text: string, options: ReadBundleOptions = {}): ControlBundle {
  const { maxBytes = 8 * 1024 * 1024, stored = false } = options;
  // Escapes make JSON longer than what it holds, and the source stands in it a second time.
  if (text.length > maxBytes * 4) throw new ControlTooLargeError('The bundle', text.length, maxBytes * 4);
  const value = parse(text);
  const { hash, entry, source, fileName } = value;
  if (typeof hash !== 'string' || typeof entry !== 'string') throw new BundleCorruptError('it has no hash or entry.');
  if (typeof source !== 'string' || typeof fileName !== 'string') throw new BundleCorruptError('it has no source.');
  const files = readTexts(value.files, 'files');
  const modules = readTexts(value.modules, 'modules');
  checkPaths(entry, files, modules);
  const metadata = stored ? value.metadata : readMetadata(source, fileName);
  if (!isMetadata(metadata)) throw new BundleCorruptError('it has no metadata.');
  const content: BundleContent = { entry, files, source, fileName, metadata, modules };
  if (hashBundle(content) !== hash) throw new BundleCorruptError('its content does not have the hash it says.');
  const sizeBytes = sizeOfFiles(files);
  if (sizeBytes > maxBytes) throw new ControlTooLargeError(fileName, sizeBytes, maxBytes);
  return { ...content, hash, sizeBytes };
}

function parse(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new BundleCorruptError(`${messageOf(error)}.`, { cause: error });
  }
  if (!isPlainObject(value) || !isJsonValue(value)) throw new BundleCorruptError('it is no JSON object.');
  return value;
}

function readTexts(value: unknown, name: string): Record<string, string> {
  if (!isPlainObject(value)) throw new BundleCorruptError(`it has no ${name}.`);
  const texts = nullRecord<string>();
  for (const [key, text] of Object.entries(value)) {
    if (typeof text !== 'string') throw new BundleCorruptError(`its ${name} are not text.`);
    texts[key] = text;
  }
  return texts;
}

function checkPaths(entry: string, files: Record<string, string>, modules: Record<string, string>): void {
  for (const path of Object.keys(files)) {
    if (!isBundlePath(path)) throw new BundleCorruptError(`the path ${JSON.stringify(path)} leaves it.`);
  }
  for (const path of [entry, ...Object.values(modules)]) {
    if (files[path] === undefined) throw new BundleCorruptError(`the file ${JSON.stringify(path)} is missing.`);
  }
}

function isMetadata(value: unknown): value is ControlMetadata {
  if (!isPlainObject(value)) return false;
  const { name, author, doc, type } = value;
  const isText = [name, author, doc].every((field) => typeof field === 'string');
  return isText && controlTypes.some((known) => known === type);
}

function readMetadata(source: string, fileName: string): ControlMetadata {
  try {
    return readControlMetadata(source, fileName);
  } catch (error) {
    if (error instanceof ControlFileError) throw new BundleCorruptError(messageOf(error), { cause: error });
    throw error;
  }
}
