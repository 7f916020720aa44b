import { Arg, Ctx, Mutation, Resolver } from 'type-graphql';
import type { ApiContext } from '../context.ts';
import { submitJob } from './submit-job.ts';
import { SubmitJobInput } from './submit.input.ts';
import { SubmitJobResultUnion, type Refusal, type SubmitJobSuccessType } from './submit.type.ts';

@Resolver()
export class SubmitResolver {
  @Mutation(() => SubmitJobResultUnion)
  submitJob(
    @Arg('input', () => SubmitJobInput) input: SubmitJobInput,
    @Ctx() context: ApiContext,
  ): Promise<SubmitJobSuccessType | Refusal> {
    return submitJob(context, input);
  }
}
