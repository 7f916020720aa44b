import { Field, ID, Int, ObjectType } from 'type-graphql';
import { DateTimeScalar, DurationScalar } from '../schema/scalars.ts';

@ObjectType('Dispatcher', {
  description: 'Gives queued jobs their hosts and watches executions; one for each machine.',
})
export class DispatcherType {
  @Field(() => ID)
  readonly id!: string;

  @Field(() => String)
  readonly machine!: string;

  @Field(() => Int)
  readonly pid!: number;

  @Field(() => Int, { description: 'Rises whenever a process takes the id, and when it is declared dead.' })
  readonly epoch!: number;

  @Field(() => DateTimeScalar)
  readonly startedAt!: number;

  @Field(() => DateTimeScalar)
  readonly heartbeatAt!: number;

  @Field(() => DurationScalar, { description: 'Time since its last sign of life.' })
  readonly heartbeatAge!: number;

  @Field(() => Boolean, { description: 'It finishes what it has and takes nothing new.' })
  readonly draining!: boolean;

  @Field(() => Int, { description: 'Executions that are not over.' })
  readonly executions!: number;

  @Field(() => Int)
  readonly maxExecutions!: number;

  @Field(() => [String], { description: 'Sets that it belongs to.' })
  readonly pools!: readonly string[];

  @Field(() => [String], { nullable: true, description: 'The only owners whose jobs it takes; null: everybody’s.' })
  readonly onlyUsers?: readonly string[];

  @Field(() => String, { nullable: true, description: 'Where its results are served.' })
  readonly url?: string;

  @Field(() => String, { nullable: true, description: 'What keeps it from starting anything.' })
  readonly shortage?: string;
}
