import { DependencyError, HostTakenError } from '@autotest/core/db';
import { createUnionType, Field, ObjectType } from 'type-graphql';
import { ControlProblemType } from '../control/control.type.ts';
import { JobType } from '../jobs/job.type.ts';
import { NotificationRuleSuccessType } from '../notifications/notification.type.ts';
import { InputInvalidType, UserErrorType } from '../schema/user-error.ts';

@ObjectType('ControlInvalid', { implements: UserErrorType })
export class ControlInvalidType extends UserErrorType {
  @Field(() => [ControlProblemType])
  readonly problems: readonly ControlProblemType[];

  constructor(message: string, path: readonly string[], problems: readonly ControlProblemType[]) {
    super();
    this.problems = problems;
    Object.assign(this, { code: 'AT_CONTROL_INVALID', message, path });
  }
}

@ObjectType('ParamsInvalid', { implements: UserErrorType })
export class ParamsInvalidType extends UserErrorType {
  @Field(() => [String])
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super();
    this.problems = problems;
    Object.assign(this, { code: 'AT_PARAMS_INVALID', message: problems.join('\n'), path: ['input', 'params'] });
  }
}

@ObjectType('NearHost')
export class NearHostType {
  @Field(() => String)
  readonly host!: string;

  @Field(() => [String])
  readonly unmet!: readonly string[];
}

@ObjectType('HostsUnavailable', {
  implements: UserErrorType,
  description: 'No host could ever run it; with the hosts that nearly match.',
})
export class HostsUnavailableType extends UserErrorType {
  @Field(() => [NearHostType])
  readonly nearest: readonly NearHostType[];

  constructor(message: string, path: readonly string[], nearest: readonly NearHostType[]) {
    super();
    this.nearest = nearest;
    Object.assign(this, { code: 'AT_HOSTS_UNAVAILABLE', message, path });
  }
}

@ObjectType('SubmitJobSuccess')
export class SubmitJobSuccessType {
  @Field(() => JobType)
  readonly job: JobType;

  @Field(() => Boolean, { description: 'True where the requestId was seen before.' })
  readonly repeated: boolean;

  @Field(() => [NotificationRuleSuccessType], {
    description: 'Rules that were made for `notify`; with secrets that were made for them.',
  })
  readonly notifications: readonly NotificationRuleSuccessType[];

  constructor(job: object, repeated: boolean, notifications: readonly NotificationRuleSuccessType[] = []) {
    // oxlint-disable-next-line no-unsafe-type-assertion -- fields that a row has not are resolved from it
    this.job = job as JobType;
    this.repeated = repeated;
    this.notifications = notifications;
  }
}

export const SubmitJobResultUnion = createUnionType({
  name: 'SubmitJobResult',
  types: () =>
    [SubmitJobSuccessType, ControlInvalidType, ParamsInvalidType, HostsUnavailableType, InputInvalidType] as const,
});

/** Why a job is not taken. */
export type Refusal = ControlInvalidType | ParamsInvalidType | HostsUnavailableType | InputInvalidType;

/** Thrown inside of a submission; it becomes the answer. */
export class Refused extends Error {
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.name = 'Refused';
    this.refusal = refusal;
  }
}

/** The answer that an error of a submission becomes. @throws the error, where it is none of the submission */
export function refusalOf(error: unknown): Refusal {
  if (error instanceof Refused) return error.refusal;
  if (error instanceof DependencyError) return new InputInvalidType(error.message, ['input', 'after'], error.code);
  if (error instanceof HostTakenError)
    return new InputInvalidType(error.message, ['input', 'oneTimeHosts'], error.code);
  throw error;
}

/** @throws Refused always: the input is wrong at `field`. */
export function refuseInput(field: string, message: string, code?: string): never {
  throw new Refused(new InputInvalidType(message, ['input', field], code));
}
