import {
  AccountsDocument,
  RemoveAccountDocument,
  SetAccountDocument,
  type AccountFieldsFragment,
} from '@autotest/graphql/client';
import type { CommandModule } from 'yargs';
import { withServer } from '../api/with-server.ts';
import { UsageError } from '../errors.ts';
import { note, outputOption, printList, printThing } from '../output/print.ts';

/** `autotest account …`: shares of the hosts. */
export const accountCommand: CommandModule = {
  command: 'account <command>',
  describe: 'say how teams and users share the hosts',
  builder: (cli) =>
    cli
      .option('output', outputOption)
      .command(
        'list',
        'list accounts with the hosts that their jobs hold',
        (sub) => sub,
        (args) =>
          withServer(args, async (server) => {
            const { accounts } = await server.request(AccountsDocument);
            printList(accounts, args.output, columns, 'There are no accounts.');
          }),
      )
      .command(
        'set <name>',
        'set the share of a team, or of a user without one; what is left out stays',
        (sub) =>
          sub
            .positional('name', { type: 'string', demandOption: true, describe: 'team or login' })
            .option('weight', { type: 'number', describe: 'share relative to others; the usual one is 1' })
            .option('max-hosts', { type: 'string', describe: 'hosts that it may hold at once, or none for no limit' }),
        (args) => {
          const limit = readLimit(args.maxHosts);
          if (Number.isNaN(args.weight)) throw new UsageError('--weight takes a number.');
          return withServer(args, async (server) => {
            const { setAccount } = await server.request(SetAccountDocument, {
              name: args.name,
              ...(args.weight !== undefined && { weight: args.weight }),
              ...(limit !== undefined && { maxHosts: limit }),
            });
            printThing(setAccount, args.output, [
              ['account', setAccount.name],
              ['weight', String(setAccount.weight)],
              ['max hosts', String(setAccount.maxHosts ?? 'no limit')],
            ]);
          });
        },
      )
      .command(
        'remove <name>',
        'back to a weight of 1 without limit',
        (sub) => sub.positional('name', { type: 'string', demandOption: true }),
        (args) =>
          withServer(args, async (server) => {
            await server.request(RemoveAccountDocument, { name: args.name });
            note(`${args.name} has the usual share.`);
          }),
      )
      .demandCommand(1, 'Name a command: list, set or remove.'),
  handler: () => undefined,
};

/** Undefined: stays; null: no limit. */
function readLimit(text: string | undefined): number | null | undefined {
  if (text === undefined) return undefined;
  if (text === 'none') return null;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError('--max-hosts takes a whole number, or none.');
}

const columns = [
  { title: 'account', value: (account: AccountFieldsFragment) => account.name },
  { title: 'weight', value: (account: AccountFieldsFragment) => String(account.weight), align: 'right' },
  { title: 'max hosts', value: (account: AccountFieldsFragment) => String(account.maxHosts ?? ''), align: 'right' },
  { title: 'held', value: (account: AccountFieldsFragment) => String(account.heldHosts), align: 'right' },
] as const;
