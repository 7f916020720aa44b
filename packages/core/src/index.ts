/**
 * Models, control-file API, journal and results of Autotest. Loads in Node, in browsers and in control files; brings no ORM and no server.
 *
 * ```ts
 * import { defineControl } from '@autotest/core';
 *
 * export default defineControl({
 *   name: 'hello',
 *   author: 'You <you@example.org>',
 *   doc: 'Says hello.',
 *   type: 'client',
 *   async run(job) {
 *     await job.runCommand('hello', ['echo', 'hello']);
 *   },
 * });
 * ```
 *
 * @module
 */
export {
  AutotestError,
  NotSupportedError,
  messageOf,
  serializeError,
  type SerializedError,
} from './errors/autotest-error.ts';
export { defineControl, defineTest, type ControlDefinition, type TestDefinition } from './control/define.ts';
export * from './control/metadata.ts';
export * from './control/outcome-errors.ts';
export * from './control/command.ts';
export * from './control/job.ts';
export { makeWarnings, warningTypes, type Warnings, type WarningType, type WatchOptions } from './control/warnings.ts';
export type { TestContext } from './control/test-context.ts';
export type { HostStepDefinition, StepTarget, StepVerdict } from './control/host-step.ts';
export type {
  BackgroundCommand,
  Host,
  HostConsole,
  HostRebootOptions,
  Power,
  PowerOptions,
  TransferOptions,
  TransferProgress,
} from './control/host.ts';
export * from './journal/record.ts';
export { formatJournalLine, parseJournalLine, type ParsedJournalLine } from './journal/codec.ts';
export { nodePath, parseNodePath } from './journal/scope.ts';
export { logLineOf, printable, type PaintLine } from './journal/log-line.ts';
export * from './results/result-tree.ts';
export { summarizeTree } from './results/summary.ts';
export * from './errors/file-errors.ts';
export * from './results/outcome.ts';
export * from './model/machine.ts';
export { stateDiagram } from './model/diagram.ts';
export * from './model/entry.ts';
export * from './model/execution.ts';
export * from './model/host.ts';
export * from './model/host-hold.ts';
export * from './model/job.ts';
export * from './model/task.ts';
export * from './model/wait.ts';
export * from './model/event.ts';
export type * from './notify/message.ts';
export { testMessage } from './notify/test-message.ts';
export { parseNotificationTarget, type NotificationTarget } from './notify/target.ts';
export * from './execution/spec.ts';
export * from './execution/messages.ts';
export * from './execution/session.ts';
export { formatTraceParent, parseTraceParent, type TraceContext } from './execution/trace-context.ts';
export { isJsonValue, isPlainObject, type JsonObject, type JsonValue } from './json/json-value.ts';
export { parseJsonLine, type JsonLineLimits } from './json/json-line.ts';
export { nullRecord } from './json/null-record.ts';
export { stableStringify } from './json/stable-stringify.ts';
export { JsonLineError } from './json/errors.ts';
export { formatDuration, parseDuration, type Duration } from './time/duration.ts';
export { createLog, logLevels, silentLog, type Log, type LogFields, type LogLevel, type LogOptions } from './log.ts';
export { systemClock, type Clock } from './time/clock.ts';
export { Deadline, type DeadlineOptions } from './time/deadline.ts';
export { sleep, type SleepOptions } from './time/sleep.ts';
export { DeadlineError, DurationError } from './time/errors.ts';
export { parseLabelExpression } from './labels/parse.ts';
export { formatLabelExpression } from './labels/format.ts';
export { compileLabels, evaluateLabels, prepareLabels, type LabelPredicate, type LabelSet } from './labels/evaluate.ts';
export { explainLabels, nearestHosts, type LabelledHost, type NearHost } from './labels/explain.ts';
export {
  isLabelKey,
  labelProblem,
  maxLabelLength,
  splitLabel,
  validateLabel,
  type LabelParts,
} from './labels/label.ts';
export { LabelError, LabelExpressionError } from './labels/errors.ts';
export type * from './labels/expression.ts';
export * from './status-log/status.ts';
export * from './status-log/line.ts';
export { StatusLogView, type StatusLogViewOptions } from './status-log/view.ts';
export * from './status-log/verdict.ts';
export { StatusParserV1, type StatusParserOptions } from './status-log/parser.ts';
export { StatusParserV0, type StatusParserV0Options } from './status-log/parser-v0.ts';
export {
  parseIterations,
  parseKeyval,
  type ClassicIteration,
  type Keyval,
  type KeyvalValue,
} from './status-log/keyval.ts';
export type { ClassicExit, ClassicJob, ClassicTest } from './status-log/classic-job.ts';
export { NoResultsError } from './status-log/errors.ts';
export { checkParams, coerceParams, type CheckParamsOptions, type ParamProblem } from './control/params.ts';
export { moduleKey, modulesSeenFrom } from './control/module-key.ts';
export type { PowerCall, PowerDriver, PowerState } from './drivers/power-driver.ts';
export { parsePowerUrl, type PowerTarget } from './drivers/power-url.ts';
export { parseConsoleUrl, type ConsoleTarget } from './drivers/console-url.ts';
export { driverProblem } from './drivers/driver-problem.ts';
export { DriverUrlError } from './drivers/errors.ts';
