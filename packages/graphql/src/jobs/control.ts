import { MissingError } from '../errors.ts';
import type { Loaders } from '../loaders.ts';
import type { ControlFileType } from './job.type.ts';

/** The control file of a bundle. @throws MissingError */
export async function controlOf(loaders: Loaders, bundleHash: string): Promise<ControlFileType> {
  const bundle = await loaders.bundle.load(bundleHash);
  if (bundle === undefined) throw new MissingError('bundle', bundleHash);
  return { fileName: bundle.fileName, source: bundle.source, bundleHash };
}
