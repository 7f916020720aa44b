import {
  AddUserDocument,
  RemoveUserDocument,
  UpdateUserDocument,
  UsersDocument,
  type UserFieldsFragment,
} from '@autotest/graphql/client';
import type { Argv, CommandModule } from 'yargs';
import { withServer } from '../api/with-server.ts';
import { note, outputOption, printData, printList, type OutputFormat } from '../output/print.ts';

const roles = ['admin', 'user', 'viewer'] as const;

/** `autotest user …` */
export const userCommand: CommandModule = {
  command: 'user <command>',
  describe: 'add, list and remove users',
  builder: (cli) =>
    cli
      .option('output', outputOption)
      .command(
        'list',
        'list users',
        (sub) => sub,
        (args) =>
          withServer(args, async (server) => {
            const { users } = await server.request(UsersDocument);
            printList(users, args.output, columns, 'There are no users.');
          }),
      )
      .command(
        'add <login>',
        'add a user and print a link that logs the user in once',
        (sub) =>
          loginOf(sub)
            .option('role', { choices: roles, default: 'user' as const })
            .option('team', { type: 'string', describe: 'shares hosts with the others of this name' })
            .option('token', { type: 'string', describe: 'name of an API token to make and print as well' }),
        (args) =>
          withServer(args, async (server) => {
            const { login, role, team = null, token = null } = args;
            const { addUser } = await server.request(AddUserDocument, { login, role, team, token });
            if (args.output !== 'table') return printData(addUser, args.output);
            note(`Added ${addUser.user.login} (${addUser.user.role}). The link works once, within 15 minutes:`);
            console.log(addUser.loginUrl);
            if (addUser.token === null) return;
            note('The token is shown only once:');
            console.log(addUser.token);
          }),
      )
      .command(
        'set-team <login> [team]',
        'put a user into a team, or into none; counts for what the user submits from now on',
        (sub) => loginOf(sub).positional('team', { type: 'string' }),
        (args) => update(args, args.login, { team: args.team ?? null }),
      )
      .command(
        'set-role <login> <role>',
        'change what a user may do',
        (sub) => loginOf(sub).positional('role', { choices: roles, demandOption: true }),
        (args) => update(args, args.login, { role: args.role }),
      )
      .command('remove <login>', 'remove a user; jobs that the user submitted go on', loginOf, (args) =>
        withServer(args, async (server) => {
          await server.request(RemoveUserDocument, { login: args.login });
          note(`Removed ${args.login}.`);
        }),
      )
      .demandCommand(1, 'Name a command: list, add, set-team, set-role or remove.'),
  handler: () => undefined,
};

function loginOf<T>(cli: Argv<T>) {
  return cli.positional('login', { type: 'string', demandOption: true });
}

function update(
  args: { readonly output: OutputFormat },
  login: string,
  patch: { team: string | null } | { role: (typeof roles)[number] },
): Promise<void> {
  return withServer(args, async (server) => {
    const { updateUser } = await server.request(UpdateUserDocument, { login, ...patch });
    if (args.output !== 'table') return printData(updateUser, args.output);
    const { role, team } = updateUser;
    note(`${login} is ${role === 'admin' ? 'an' : 'a'} ${role} ${team === null ? 'without team' : `of ${team}`}.`);
  });
}

const columns = [
  { title: 'login', value: (user: UserFieldsFragment) => user.login },
  { title: 'role', value: (user: UserFieldsFragment) => user.role },
  { title: 'team', value: (user: UserFieldsFragment) => user.team ?? '' },
] as const;
