import { CreateLoginLinkDocument } from '@autotest/graphql/client';
import type { CommandModule } from 'yargs';
import { withServer } from '../api/with-server.ts';

/** `autotest login-link`: a new one-time link to the web interface. */
export const loginLinkCommand: CommandModule<unknown, { server: string | undefined; user: string | undefined }> = {
  command: 'login-link',
  describe: 'print a link that logs you in to the web interface once',
  builder: (cli) =>
    cli
      .option('server', { type: 'string' })
      .option('user', { type: 'string', describe: 'for whom, where it is not you; administrators only' }),
  handler: (args) =>
    withServer(args, async (server) => {
      const { createLoginLink } = await server.request(CreateLoginLinkDocument, { login: args.user ?? null });
      console.log(createLoginLink.url);
    }),
};
