import { Arg, Ctx, Query, Resolver } from 'type-graphql';
import { principalOf, type ApiContext } from '../context.ts';
import { ControlValidationType } from './control.type.ts';
import { validateControl } from './validate.ts';

@Resolver()
export class ControlResolver {
  @Query(() => ControlValidationType, {
    description: 'Reads the metadata and problems of a control file; runs nothing.',
  })
  validateControl(
    @Arg('source', () => String) source: string,
    @Arg('fileName', () => String, { nullable: true, defaultValue: 'control.ts' }) fileName: string | null,
    @Ctx() context: ApiContext,
  ): Promise<ControlValidationType> {
    principalOf(context);
    return validateControl(source, fileName ?? 'control.ts');
  }
}
