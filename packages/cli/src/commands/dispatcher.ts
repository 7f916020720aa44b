import { formatDuration } from '@autotest/core';
import {
  DispatchersDocument,
  SetDispatcherDrainingDocument,
  type DispatcherFieldsFragment,
} from '@autotest/graphql/client';
import type { Argv } from 'yargs';
import { withServer } from '../api/with-server.ts';
import { note, outputOption, printData, printList, type OutputFormat } from '../output/print.ts';

/** `autotest dispatcher list`, `drain` and `undrain`: the dispatchers that share a database. */
export function dispatcherCommands<T>(cli: Argv<T>) {
  return cli
    .command(
      'list',
      'list dispatchers with what they have and what keeps them',
      (sub) => sub.option('output', outputOption),
      (args) =>
        withServer(args, async (server) => {
          const { dispatchers } = await server.request(DispatchersDocument);
          printList(
            dispatchers,
            args.output,
            columns,
            'There are no dispatchers. Start one with `autotest dispatcher`.',
          );
        }),
    )
    .command('drain <id>', 'let a dispatcher finish what it has and take nothing new', dispatcherId, (args) =>
      setDraining(args, true),
    )
    .command('undrain <id>', 'let a drained dispatcher take jobs again', dispatcherId, (args) =>
      setDraining(args, false),
    );
}

function dispatcherId<T>(cli: Argv<T>) {
  return cli.option('output', outputOption).positional('id', { type: 'string', demandOption: true });
}

function setDraining(args: { readonly id: string; readonly output: OutputFormat }, draining: boolean): Promise<void> {
  return withServer(args, async (server) => {
    const wanted = { id: args.id, draining };
    const { setDispatcherDraining } = await server.request(SetDispatcherDrainingDocument, wanted);
    if (args.output !== 'table') return printData(setDispatcherDraining, args.output);
    const { executions } = setDispatcherDraining;
    note(draining ? `${args.id} is draining: ${executions} executions are left.` : `${args.id} takes jobs again.`);
  });
}

const columns = [
  { title: 'id', value: ({ id }: DispatcherFieldsFragment) => id },
  { title: 'machine', value: ({ machine }: DispatcherFieldsFragment) => machine },
  { title: 'epoch', value: ({ epoch }: DispatcherFieldsFragment) => String(epoch), align: 'right' },
  {
    title: 'seen',
    value: ({ heartbeatAge }: DispatcherFieldsFragment) => `${formatDuration(heartbeatAge)} ago`,
    align: 'right',
  },
  {
    title: 'running',
    value: ({ executions, maxExecutions }: DispatcherFieldsFragment) => `${executions}/${maxExecutions}`,
    align: 'right',
  },
  { title: 'pools', value: ({ pools }: DispatcherFieldsFragment) => pools.join(' ') },
  {
    title: 'kept by',
    value: ({ draining, shortage, onlyUsers }: DispatcherFieldsFragment) =>
      [draining ? 'draining' : '', shortage ?? '', onlyUsers === null ? '' : `only for ${onlyUsers.join(' ')}`]
        .filter((text) => text !== '')
        .join('; '),
  },
] as const;
