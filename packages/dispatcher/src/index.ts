/**
 * The dispatcher: gives queued jobs their hosts, starts and watches executions, ingests their journals.
 *
 * ```ts
 * import { openDatabase } from '@autotest/core/db';
 * import { startDispatcher } from '@autotest/dispatcher';
 *
 * const database = await openDatabase('sqlite:./data/autotest.db', { migrate: true });
 * const dispatcher = await startDispatcher({ database, dataDir: './data' });
 * // …
 * await dispatcher.stop();
 * await database.close();
 * ```
 *
 * @module
 */
export { startDispatcher, type Dispatcher } from './loop/dispatcher.ts';
export { startNotifier, type Notifier } from './notify/notifier.ts';
export { notifierConfigOf, type NotifierConfig, type NotifierLimits, type NotifierOptions } from './notify/options.ts';
export type { StartWatch, Watch } from './run/executions.ts';
export type { RunEnd, SupervisionStore } from './supervise/supervision.ts';
export { startRecurring, type Recurring, type RecurringOptions } from './recur/recurring.ts';
export { dispatcherChecks } from './telemetry/checks.ts';
export type { DispatcherLimits, DispatcherOptions, ExecutionOptions, SlurmOptions } from './options.ts';
export type { ResultsServerOptions } from './results-server/results-server.ts';
export type { ExecutorName } from './executors/executor.ts';
export {
  AutoservMissingError,
  BundleMissingError,
  ContendedError,
  DispatcherReplacedError,
  DispatcherRunningError,
  ExecutionStartError,
  TargetRefusedError,
  ExecutorUnavailableError,
  UsageError,
} from './errors.ts';
export { main } from './main.ts';
