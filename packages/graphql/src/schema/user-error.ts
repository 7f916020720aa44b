import { Field, InterfaceType, ObjectType } from 'type-graphql';

/** What a mutation answers when the request cannot be granted as it stands. */
@InterfaceType('UserError')
export abstract class UserErrorType {
  @Field(() => String)
  readonly code!: string;

  @Field(() => String)
  readonly message!: string;

  @Field(() => [String], { nullable: true })
  readonly path?: readonly string[];
}

@ObjectType('InputInvalid', { implements: UserErrorType })
export class InputInvalidType extends UserErrorType {
  constructor(message: string, path: readonly string[], code = 'AT_INPUT_INVALID') {
    super();
    Object.assign(this, { code, message, path });
  }
}
