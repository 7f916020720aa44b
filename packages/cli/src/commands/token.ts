import { CreateTokenDocument } from '@autotest/graphql/client';
import type { CommandModule } from 'yargs';
import { withServer } from '../api/with-server.ts';

/** `autotest token create`: a token for scripts and other machines. */
export const tokenCommand: CommandModule = {
  command: 'token <command>',
  describe: 'make tokens for scripts and other machines',
  builder: (cli) =>
    cli
      .command(
        'create <name>',
        'print a new token of yours; it is shown only once',
        (sub) => sub.positional('name', { type: 'string', demandOption: true, describe: 'what it is for' }),
        (args) =>
          withServer(args, async (server) => {
            const { createToken } = await server.request(CreateTokenDocument, { name: args.name });
            console.log(createToken.token);
          }),
      )
      .demandCommand(1, 'Name a command: create.'),
  handler: () => undefined,
};
