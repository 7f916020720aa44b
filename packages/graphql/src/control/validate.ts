import { isJsonValue } from '@autotest/core';
import { bundleControl, ControlFileError, ControlTooLargeError, readControlMetadata } from '@autotest/core/bundle';
import type { ControlValidationType } from './control.type.ts';

/** Longest control file that is looked at, in UTF-16 code units. */
export const maxSourceLength = 1024 * 1024;

/** What a control file says about itself and everything wrong with it. Nothing of it is run, nothing is read from disk. */
export async function validateControl(source: string, fileName: string): Promise<ControlValidationType> {
  if (source.length > maxSourceLength) {
    const problem = { message: 'The control file is larger than 1 MiB.', remedy: 'Submit it with the command line.' };
    return { problems: [{ line: 1, column: 1, ...problem }] };
  }
  try {
    const metadata: unknown = readControlMetadata(source, fileName);
    await bundleControl({ source, fileName });
    return isJsonValue(metadata) ? { metadata, problems: [] } : { problems: [] };
  } catch (error) {
    if (error instanceof ControlFileError) return { problems: error.problems };
    if (error instanceof ControlTooLargeError)
      return { problems: [{ line: 1, column: 1, message: error.message, remedy: '' }] };
    throw error;
  }
}
