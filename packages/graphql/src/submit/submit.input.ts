import type { DependencyCondition, JsonValue, Priority, RebootAfter, RebootBefore, ReserveOn } from '@autotest/core';
import { Field, ID, InputType, Int } from 'type-graphql';
import {
  DependencyConditionEnum,
  PriorityEnum,
  RebootAfterEnum,
  RebootBeforeEnum,
  ReserveOnEnum,
} from '../schema/enums.ts';
import { DurationScalar, JsonScalar } from '../schema/scalars.ts';

@InputType('OneTimeHostInput', {
  description: 'A host for one job alone, reached over SSH. It is named by its address.',
})
export class OneTimeHostInput {
  @Field(() => String)
  readonly address!: string;

  @Field(() => Int, { nullable: true, defaultValue: 22 })
  readonly port?: number | null;

  @Field(() => String, { nullable: true, defaultValue: 'root' })
  readonly user?: string | null;
}

@InputType('JobDependencyInput')
export class JobDependencyInput {
  @Field(() => ID)
  readonly job!: string;

  @Field(() => DependencyConditionEnum, { nullable: true, defaultValue: 'passed' })
  readonly when?: DependencyCondition | null;
}

@InputType('SubmitJobInput')
export class SubmitJobInput {
  @Field(() => String, {
    nullable: true,
    description: 'A control file alone (no relative imports, no packages): bundled by the server.',
  })
  readonly source?: string | null;

  @Field(() => String, { nullable: true })
  readonly fileName?: string | null;

  @Field(() => String, { nullable: true, description: 'Or a bundle made by `bundleControl`, as JSON.' })
  readonly bundle?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'Or the hash of a bundle that the server has: of a job that is run again.',
  })
  readonly bundleHash?: string | null;

  @Field(() => String, { nullable: true, description: "Default: the control file's name." })
  readonly name?: string | null;

  @Field(() => [String], { nullable: true, description: 'Named hosts.' })
  readonly hosts?: readonly string[] | null;

  @Field(() => [OneTimeHostInput], { nullable: true })
  readonly oneTimeHosts?: readonly OneTimeHostInput[] | null;

  @Field(() => Int, {
    nullable: true,
    description:
      'That many hosts to be chosen by label expression. Default: none where hosts are named, else one (server control: its syncCount). 0 without named hosts: a server job without hosts.',
  })
  readonly anyHosts?: number | null;

  @Field(() => String, {
    nullable: true,
    description: "Label expression, together with the control file's own `needs`.",
  })
  readonly needs?: string | null;

  @Field(() => JsonScalar, { nullable: true })
  readonly params?: JsonValue;

  @Field(() => JsonScalar, { nullable: true })
  readonly keyvals?: JsonValue;

  @Field(() => PriorityEnum, { nullable: true })
  readonly priority?: Priority | null;

  @Field(() => DurationScalar, { nullable: true, description: 'From submission to end. Default: 24 hours.' })
  readonly timeout?: number | null;

  @Field(() => DurationScalar, { nullable: true, description: 'Of each execution. Default: 24 hours.' })
  readonly maxRuntime?: number | null;

  @Field(() => RebootBeforeEnum, { nullable: true, description: 'Default: never.' })
  readonly rebootBefore?: RebootBefore | null;

  @Field(() => RebootAfterEnum, { nullable: true, description: 'Default: never.' })
  readonly rebootAfter?: RebootAfter | null;

  @Field(() => DurationScalar, {
    nullable: true,
    description: "No output and no result for so long ends an execution. Default: the control file's, else no limit.",
  })
  readonly idleTimeout?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: "Tries more where a test failed, 0 to 10. Default: the control file's, else 0.",
  })
  readonly retries?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: "Tries more where the lab failed, 0 to 10. Default: the control file's, else 1.",
  })
  readonly infraRetries?: number | null;

  @Field(() => String, {
    nullable: true,
    description:
      "Key of a label: all hosts that work together carry the same value of it. Default: the control file's.",
  })
  readonly sameValueOf?: string | null;

  @Field(() => String, { nullable: true, description: 'What hosts are provisioned with first.' })
  readonly provision?: string | null;

  @Field(() => ReserveOnEnum, { nullable: true, description: 'When you keep the hosts afterwards. Default: never.' })
  readonly reserveOn?: ReserveOn | null;

  @Field(() => DurationScalar, { nullable: true, description: 'How long you keep them then, at most 30 days.' })
  readonly reserveFor?: number | null;

  @Field(() => String, { nullable: true, description: 'Only dispatchers of this set run it.' })
  readonly pool?: string | null;

  @Field(() => [JobDependencyInput], { nullable: true, description: 'Jobs that have to end first, at most 100.' })
  readonly after?: readonly JobDependencyInput[] | null;

  @Field(() => String, { nullable: true, description: "Makes a repeated submission give the first one's job." })
  readonly requestId?: string | null;

  @Field(() => [String], {
    nullable: true,
    description: 'Who is told when the job ends: addresses of mail, or http(s) URLs of webhooks.',
  })
  readonly notify?: readonly string[] | null;
}
