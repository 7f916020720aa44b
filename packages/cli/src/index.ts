/**
 * The `autotest` command as a library.
 *
 * ```ts
 * import { main } from '@autotest/cli';
 *
 * process.exitCode = await main(['job', 'list']);
 * ```
 *
 * @module
 */
export { main } from './main.ts';
export { exitCodes, type ExitCode } from './exit-codes.ts';
