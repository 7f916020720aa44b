import {
  BundleCorruptError,
  bundleControl,
  bundleFromJson,
  ControlFileError,
  ControlTooLargeError,
  type ControlBundle,
} from '@autotest/core/bundle';
import { maxSourceLength } from '../control/validate.ts';
import type { SubmitJobInput } from './submit.input.ts';
import { ControlInvalidType, Refused, refuseInput } from './submit.type.ts';

/** Longest bundle as JSON, in UTF-16 code units. */
export const maxBundleLength = 16 * 1024 * 1024;

/**
 * The bundle that is submitted, or one made of the source that is. A bundle's hash is computed anew and its metadata is read from
 * its source: what a stranger says of a bundle counts for nothing.
 *
 * @throws Refused
 */
export async function readBundle({ source, fileName, bundle }: SubmitJobInput): Promise<ControlBundle> {
  if (source && bundle) refuseInput('source', 'Give source or bundle, not both.');
  if (!source && !bundle) refuseInput('source', 'Give the text of a control file as source, or a bundle.');
  const field = bundle ? 'bundle' : 'source';
  try {
    return bundle ? checkBundle(bundle) : await bundleSource(source ?? '', fileName ?? 'control.ts');
  } catch (error) {
    if (error instanceof ControlFileError)
      throw new Refused(new ControlInvalidType(error.message, ['input', field], error.problems));
    if (error instanceof ControlTooLargeError || error instanceof BundleCorruptError)
      refuseInput(field, error.message, error.code);
    throw error;
  }
}

function checkBundle(bundle: string): ControlBundle {
  if (bundle.length > maxBundleLength)
    refuseInput('bundle', 'The bundle is larger than 16 MiB. Import less, or fetch large data while the test runs.');
  return bundleFromJson(bundle);
}

function bundleSource(source: string, fileName: string): Promise<ControlBundle> {
  if (source.length > maxSourceLength)
    refuseInput('source', 'The control file is larger than 1 MiB. Submit it with the command line.');
  return bundleControl({ source, fileName });
}
