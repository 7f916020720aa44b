/**
 * Durable execution of control files, shared by the client and autoserv: journal in, journal out. Node only; no ORM, no server, no hosts.
 *
 * @module
 */
export {
  ControlRuntime,
  type ControlEnd,
  type ControlRuntimeOptions,
  type NodeOptions,
  type RecordSink,
  type StepCall,
} from './control-runtime.ts';
export { keepArtifact, makeJobBase, type JobBase, type JobBaseOptions } from './job-base.ts';
export { runLeaf, type LeafEnd, type LeafPlace, type LeafWork } from './leaf.ts';
export { exitClassOf, verdictOf, type Verdict } from './outcome.ts';
export { checkRecordSize } from './bounds.ts';
export { callerPlace } from './place.ts';
export { Replay, type RecordedNode, type RecordedStep } from './replay.ts';
export { Scope } from './scope.ts';
export { makeSharedState } from './shared-state.ts';
export { packStepError, packStepValue, unpackStepError, unpackStepValue } from './step-value.ts';
export {
  CheckFailedError,
  ControlDivergedError,
  JobAbortedError,
  JobCompleteError,
  NestedStepError,
  RecordTooLargeError,
  TooDeepError,
  RebootBusyError,
  StepValueError,
} from './errors.ts';
