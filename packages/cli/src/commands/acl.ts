import {
  AclGroupDocument,
  AclGroupsDocument,
  CreateAclGroupDocument,
  DeleteAclGroupDocument,
  UpdateAclGroupDocument,
  type AclGroupFieldsFragment,
  type AclGroupInput,
} from '@autotest/graphql/client';
import type { Argv, CommandModule } from 'yargs';
import { withServer } from '../api/with-server.ts';
import { notFoundError, UsageError } from '../errors.ts';
import { note, outputOption, printList, printThing, type OutputFormat } from '../output/print.ts';

/** `autotest acl …`: groups of users and hosts. */
export const aclCommand: CommandModule = {
  command: 'acl <command>',
  describe: 'say who may use which hosts',
  builder: (cli) =>
    cli
      .option('output', outputOption)
      .command(
        'list',
        'list groups',
        (sub) => sub,
        (args) =>
          withServer(args, async (server) => {
            const { aclGroups } = await server.request(AclGroupsDocument);
            printList(aclGroups, args.output, columns, 'There are no groups: every host is everybody’s.');
          }),
      )
      .command(
        'show <name>',
        'show a group',
        (sub) => groupName(sub),
        (args) =>
          withServer(args, async (server) => {
            const { aclGroup } = await server.request(AclGroupDocument, { name: args.name });
            if (aclGroup === null) throw notFoundError('group', args.name, 'acl list');
            show(aclGroup, args.output);
          }),
      )
      .command(
        'create <name>',
        'make a group',
        (sub) => memberOptions(groupName(sub)).option('description', { type: 'string' }),
        (args) =>
          withServer(args, async (server) => {
            const input = { addUsers: args.user, addHosts: args.host, description: args.description ?? null };
            const { createAclGroup } = await server.request(CreateAclGroupDocument, { name: args.name, input });
            show(createAclGroup, args.output);
          }),
      )
      .command(
        'add <name>',
        'add users and hosts to a group',
        (sub) => memberOptions(groupName(sub)),
        (args) => change(args, args.name, { addUsers: args.user, addHosts: args.host }),
      )
      .command(
        'remove <name>',
        'take users and hosts out of a group',
        (sub) => memberOptions(groupName(sub)),
        (args) => change(args, args.name, { removeUsers: args.user, removeHosts: args.host }),
      )
      .command(
        'edit <name>',
        'rename or describe a group',
        (sub) =>
          groupName(sub)
            .option('rename', { type: 'string', describe: 'another name' })
            .option('description', { type: 'string' }),
        (args) => {
          const input = {
            ...(args.rename !== undefined && { name: args.rename }),
            ...(args.description !== undefined && { description: args.description }),
          };
          return change(args, args.name, input);
        },
      )
      .command('delete <name>', 'delete a group; its hosts stay', groupName, (args) =>
        withServer(args, async (server) => {
          await server.request(DeleteAclGroupDocument, { name: args.name });
          note(`Deleted the group ${args.name}.`);
        }),
      )
      .demandCommand(1, 'Name a command: list, show, create, add, remove, edit or delete.'),
  handler: () => undefined,
};

function groupName<T>(cli: Argv<T>) {
  return cli.positional('name', { type: 'string', demandOption: true, describe: 'name of the group' });
}

function memberOptions<T>(cli: Argv<T>) {
  const many = { type: 'string', array: true, default: [] as string[] } as const;
  return cli
    .option('user', { ...many, alias: 'u', describe: 'login' })
    .option('host', { ...many, alias: 'H', describe: 'name of a host' });
}

function change(args: { readonly output: OutputFormat }, name: string, input: AclGroupInput): Promise<void> {
  const isNothing = Object.values(input).every((value) => Array.isArray(value) && value.length === 0);
  if (isNothing) throw new UsageError('Say what to change; see --help of the command.');
  return withServer(args, async (server) => {
    const { updateAclGroup } = await server.request(UpdateAclGroupDocument, { name, input });
    show(updateAclGroup, args.output);
  });
}

function show(group: AclGroupFieldsFragment, output: OutputFormat): void {
  printThing(group, output, [
    ['group', group.name],
    ['description', group.description],
    ['users', group.users.join(' ')],
    ['hosts', hostsOf(group)],
  ]);
}

function hostsOf({ hosts }: AclGroupFieldsFragment): string {
  return hosts.map(({ name }) => name).join(' ');
}

const columns = [
  { title: 'group', value: (group: AclGroupFieldsFragment) => group.name },
  { title: 'users', value: (group: AclGroupFieldsFragment) => group.users.join(' ') },
  { title: 'hosts', value: hostsOf },
  { title: 'description', value: (group: AclGroupFieldsFragment) => group.description ?? '' },
] as const;
