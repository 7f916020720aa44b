import type { HostState, JsonValue, Protection, Transport } from '@autotest/core';
import { createUnionType, Field, Float, ID, Int, ObjectType } from 'type-graphql';
import { EntryType } from '../entries/entry.type.ts';
import { JobType } from '../jobs/job.type.ts';
import { HostStateEnum, ProtectionEnum, TransportEnum } from '../schema/enums.ts';
import { connectionOf } from '../schema/page.ts';
import { DateTimeScalar, JsonScalar } from '../schema/scalars.ts';
import { InputInvalidType } from '../schema/user-error.ts';
import { TaskType } from '../tasks/task.type.ts';

@ObjectType('HostLock')
export class HostLockType {
  @Field(() => String)
  readonly by!: string;

  @Field(() => String)
  readonly reason!: string;

  @Field(() => DateTimeScalar, { nullable: true })
  readonly until?: number | undefined;
}

@ObjectType('HostReservation')
export class HostReservationType {
  @Field(() => String)
  readonly by!: string;

  @Field(() => DateTimeScalar)
  readonly until!: number;

  @Field(() => String, { nullable: true })
  readonly reason?: string | undefined;
}

@ObjectType('Host')
export class HostType {
  @Field(() => ID)
  readonly id!: number;

  @Field(() => String)
  readonly name!: string;

  @Field(() => HostStateEnum)
  readonly state!: HostState;

  @Field(() => TransportEnum)
  readonly transport!: Transport;

  @Field(() => String)
  readonly address!: string;

  @Field(() => Int)
  readonly port!: number;

  @Field(() => String)
  readonly user!: string;

  @Field(() => [String], { description: 'Pinned host keys in OpenSSH format; none: the next one seen is pinned.' })
  readonly hostKeys!: readonly string[];

  @Field(() => [String])
  readonly labels!: readonly string[];

  @Field(() => JsonScalar)
  readonly attributes!: JsonValue;

  @Field(() => ProtectionEnum)
  readonly protection!: Protection;

  @Field(() => HostLockType, { nullable: true, description: 'Nobody’s jobs get it.' })
  readonly locked?: HostLockType;

  @Field(() => HostReservationType, { nullable: true, description: 'Only this person’s jobs get it.' })
  readonly reservation?: HostReservationType;

  @Field(() => [String], { description: 'ACL groups whose members may use it; none: everybody may.' })
  readonly groups!: readonly string[];

  @Field(() => Boolean)
  readonly draining!: boolean;

  @Field(() => String, { nullable: true })
  readonly quarantineReason?: string;

  @Field(() => Boolean)
  readonly dirty!: boolean;

  @Field(() => Float, {
    description: 'Share of its latest work that did not fail for the host’s sake, the newest counting most: 0 to 1.',
  })
  readonly health!: number;

  @Field(() => String, { nullable: true, description: 'What it was provisioned with last.' })
  readonly image?: string;

  @Field(() => Boolean, { description: 'Registered for one job only.' })
  readonly oneTime!: boolean;

  @Field(() => DateTimeScalar)
  readonly createdAt!: number;

  @Field(() => EntryType, { nullable: true, description: 'What the host is held for.' })
  readonly currentEntry?: EntryType;

  @Field(() => JobType, { nullable: true })
  readonly currentJob?: JobType;

  @Field(() => [TaskType])
  readonly tasks!: TaskType[];
}

export const HostConnectionType = connectionOf('Host', () => HostType);

@ObjectType('HostSuccess')
export class HostSuccessType {
  @Field(() => HostType)
  readonly host: HostType;

  constructor(host: object) {
    // oxlint-disable-next-line no-unsafe-type-assertion -- fields that a row has not are resolved from it
    this.host = host as HostType;
  }
}

export const HostResultUnion = createUnionType({
  name: 'HostResult',
  types: () => [HostSuccessType, InputInvalidType] as const,
});
