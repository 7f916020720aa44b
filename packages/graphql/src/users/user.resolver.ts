import { Arg, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import { principalOf, type ApiContext } from '../context.ts';
import { requireRole } from '../auth/principal.ts';
import { checkText } from '../schema/arguments.ts';
import { findUser } from './find-user.ts';
import { loginLink } from './login-link.ts';
import { CreateLoginLinkPayloadType, CreateTokenPayloadType, LoginPayloadType, UserType } from './user.type.ts';

@Resolver()
export class UserResolver {
  @Query(() => UserType, { description: 'The user whose token this is.' })
  me(@Ctx() context: ApiContext): UserType {
    return principalOf(context).user;
  }

  @Query(() => String)
  version(@Ctx() context: ApiContext): string {
    principalOf(context);
    return context.services.version;
  }

  @Mutation(() => LoginPayloadType)
  async login(@Arg('token', () => String) token: string, @Ctx() context: ApiContext): Promise<LoginPayloadType> {
    const { user, sessionSecret } = await context.services.authenticator.login(token);
    context.setSession?.(sessionSecret);
    return { sessionToken: sessionSecret, user };
  }

  @Mutation(() => Boolean, { description: 'Ends the session; false where the request came with an API token.' })
  async logout(@Ctx() context: ApiContext): Promise<boolean> {
    const { token } = principalOf(context);
    if (token.kind !== 'session') return false;
    await context.services.authenticator.revoke(token.id);
    context.setSession?.(undefined);
    return true;
  }

  @Mutation(() => CreateTokenPayloadType)
  async createToken(
    @Arg('name', () => String) name: string,
    @Ctx() context: ApiContext,
  ): Promise<CreateTokenPayloadType> {
    const { user } = principalOf(context);
    const { secret } = await context.services.authenticator.makeToken(user, 'api', checkText('name', name, 100));
    return { token: secret };
  }

  @Mutation(() => CreateLoginLinkPayloadType, {
    description: 'A link that signs a browser in as you, once, within 15 minutes.',
  })
  async createLoginLink(
    @Arg('login', () => String, { nullable: true, description: 'As somebody else; administrators only.' })
    login: string | null | undefined,
    @Ctx() context: ApiContext,
  ): Promise<CreateLoginLinkPayloadType> {
    const { services } = context;
    const principal = principalOf(context);
    const isOther = typeof login === 'string' && login !== principal.user.login;
    if (isOther) requireRole(principal, 'admin', 'make login links for others');
    const user = isOther ? await findUser(services.database, login) : principal.user;
    return { url: await loginLink(services.authenticator, services.publicUrl(), user) };
  }
}
