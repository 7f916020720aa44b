import {
  controlTypes,
  dependencyConditions,
  entryMachine,
  entryOutcomes,
  executionMachine,
  exitClasses,
  hostMachine,
  jobStates,
  metricDirections,
  nodeKinds,
  priorities,
  protections,
  purposes,
  rebootPolicies,
  reservePolicies,
  resultOutcomes,
  taskKinds,
  taskMachine,
  taskOutcomes,
  transports,
} from '@autotest/core';
import { missedRunPolicies, roles } from '@autotest/core/db';
import { registerEnumType } from 'type-graphql';

export const RoleEnum = enumOf('Role', roles);
export const JobStateEnum = enumOf('JobState', jobStates);
export const EntryStateEnum = enumOf('EntryState', entryMachine.states);
export const EntryOutcomeEnum = enumOf('EntryOutcome', entryOutcomes);
export const ExecutionStateEnum = enumOf('ExecutionState', executionMachine.states);
export const ExitClassEnum = enumOf('ExitClass', exitClasses);
export const PurposeEnum = enumOf('Purpose', purposes);
export const HostStateEnum = enumOf('HostState', hostMachine.states);
export const TransportEnum = enumOf('Transport', transports);
export const ProtectionEnum = enumOf('Protection', protections);
export const TaskKindEnum = enumOf('TaskKind', taskKinds);
export const TaskStateEnum = enumOf('TaskState', taskMachine.states);
export const TaskOutcomeEnum = enumOf('TaskOutcome', taskOutcomes);
export const ResultOutcomeEnum = enumOf('ResultOutcome', resultOutcomes);
export const NodeKindEnum = enumOf('NodeKind', nodeKinds);
export const MetricDirectionEnum = enumOf('MetricDirection', metricDirections);
export const ControlTypeEnum = enumOf('ControlType', controlTypes);
export const PriorityEnum = enumOf('Priority', priorities);
export const RebootBeforeEnum = enumOf('RebootBefore', rebootPolicies.before);
export const RebootAfterEnum = enumOf('RebootAfter', rebootPolicies.after);
export const ReserveOnEnum = enumOf('ReserveOn', reservePolicies);
export const DependencyConditionEnum = enumOf('DependencyCondition', dependencyConditions);
export const MissedRunPolicyEnum = enumOf('MissedRunPolicy', missedRunPolicies);

/** An enum of GraphQL whose names are its values. */
export function enumOf<const T extends string>(name: string, values: readonly T[]): Record<T, T> {
  // oxlint-disable-next-line no-unsafe-type-assertion -- every value is its own key
  const object = Object.fromEntries(values.map((value) => [value, value])) as Record<T, T>;
  registerEnumType(object, { name });
  return object;
}
