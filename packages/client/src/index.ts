/**
 * The client: runs client control files and tests on a host, with or without a server.
 *
 * ```ts
 * import { bundleControl, writeBundle } from '@autotest/core/bundle';
 * import { runClientStandalone } from '@autotest/client';
 *
 * const bundle = await bundleControl({ entryPath: 'control.ts' });
 * await writeBundle(bundle, 'bundle');
 * const { metadata, entry, modules } = bundle;
 * process.exitCode = await runClientStandalone({
 *   control: { name: metadata.name, type: metadata.type, bundleDir: 'bundle', entry, modules },
 * });
 * ```
 *
 * @module
 */
export { runClientStandalone, standaloneExitCodes } from './standalone/run-standalone.ts';
export { runCommandLine } from './standalone/command-line.ts';
export type { ClientStandaloneOptions, StandaloneControl } from './standalone/options.ts';
export { bundledTests } from './tests/index.ts';
export {
  LockTimeoutError,
  ResultsTooLargeError,
  SessionBusyError,
  SessionError,
  TestNotFoundError,
  TestParamsError,
} from './errors.ts';
