import type { JsonValue, Priority, RebootAfter, RebootBefore } from '@autotest/core';
import { Field, InputType, Int } from 'type-graphql';
import { PriorityEnum, RebootAfterEnum, RebootBeforeEnum } from '../schema/enums.ts';
import { DurationScalar, JsonScalar } from '../schema/scalars.ts';

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

  @Field(() => String, { nullable: true, description: "Makes a repeated submission give the first one's job." })
  readonly requestId?: string | null;

  @Field(() => [String], {
    nullable: true,
    description: 'Who is told when the job ends: addresses of mail, or http(s) URLs of webhooks.',
  })
  readonly notify?: readonly string[] | null;
}
