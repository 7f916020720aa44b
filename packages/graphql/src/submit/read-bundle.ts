import {
  BundleCorruptError,
  bundleControl,
  bundleFromJson,
  ControlFileError,
  ControlTooLargeError,
  type ControlBundle,
} from '@autotest/core/bundle';
import type { BundleStore } from '@autotest/core/db';
import { maxSourceLength } from '../control/validate.ts';
import type { SubmitJobInput } from './submit.input.ts';
import { ControlInvalidType, Refused, refuseInput } from './submit.type.ts';

/** Longest bundle as JSON, in UTF-16 code units. */
export const maxBundleLength = 16 * 1024 * 1024;

/**
 * The bundle that is submitted, one made of the source that is, or one that is stored. A bundle's hash is computed anew and its metadata is read from
 * its source: what a stranger says of a bundle counts for nothing.
 *
 * @throws Refused
 */
export async function readBundle(bundles: BundleStore, input: SubmitJobInput): Promise<ControlBundle> {
  const given = (['source', 'bundle', 'bundleHash'] as const).filter((field) => input[field]);
  const [field] = given;
  if (field === undefined)
    return refuseInput(
      'source',
      'Give the text of a control file as source, a bundle, or the bundleHash of an earlier job.',
    );
  if (given.length > 1) refuseInput(field, `Give one of source, bundle and bundleHash, not ${given.join(' and ')}.`);
  try {
    if (input.bundleHash) return await storedBundle(bundles, input.bundleHash);
    return input.bundle
      ? checkBundle(input.bundle)
      : await bundleSource(input.source ?? '', input.fileName ?? 'control.ts');
  } catch (error) {
    if (error instanceof ControlFileError)
      throw new Refused(new ControlInvalidType(error.message, ['input', field], error.problems));
    if (error instanceof ControlTooLargeError || error instanceof BundleCorruptError)
      refuseInput(field, error.message, error.code);
    throw error;
  }
}

async function storedBundle(bundles: BundleStore, hash: string): Promise<ControlBundle> {
  const stored = await bundles.get(hash);
  return stored
    ? bundleFromJson(stored.json, { stored: true })
    : refuseInput('bundleHash', `There is no bundle ${hash.slice(0, 100)}.`);
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
