/**
 * Carries out one execution: connects to its hosts, brings the client there, follows it, and keeps the record.
 *
 * ```ts
 * import { runExecution, defaultSettings } from '@autotest/autoserv';
 *
 * const exitClass = await runExecution(spec, { settings: defaultSettings(), env: process.env, log: console.error });
 * ```
 *
 * @module
 */
export { runExecution, type RunExecutionOptions } from './execution/run-execution.ts';
export { exitCodeOf } from './execution/verdict.ts';
export { defaultSettings } from './settings.ts';
export type { ExecutionSettings } from './execution/context.ts';
export { runOnHosts, type FanOutOptions, type HostResult } from './hosts/fan-out.ts';
export * from './errors.ts';
