import { parseDuration, type Duration, type TransferOptions } from '@autotest/core';
import type { TransferSettings } from './options.ts';

const defaultTimeout: Duration = '30 minutes';
const defaultMaxBytes = 64 * 1024 ** 3;

/** What a control file asks for, complete. @param signal ends the copy, whatever the options say */
export function transferSettings(options: TransferOptions, signal: AbortSignal): TransferSettings {
  return {
    deleteExtra: options.delete ?? false,
    preservePermissions: options.preservePermissions ?? true,
    preserveSymlinks: options.preserveSymlinks ?? false,
    maxBytes: options.maxBytes ?? defaultMaxBytes,
    ...(options.onProgress && { onProgress: options.onProgress }),
    signal: AbortSignal.any([
      signal,
      AbortSignal.timeout(Math.min(parseDuration(options.timeout ?? defaultTimeout), 2 ** 31 - 1)),
      ...(options.signal ? [options.signal] : []),
    ]),
  };
}
