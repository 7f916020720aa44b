import {
  DeleteLabelDocument,
  LabelsDocument,
  SetLabelDocument,
  type LabelFieldsFragment,
} from '@autotest/graphql/client';
import type { CommandModule } from 'yargs';
import { withServer } from '../api/with-server.ts';
import { note, outputOption, printData, printList } from '../output/print.ts';

/** `autotest label …`: what is to be known of labels. `autotest host label` puts them on hosts. */
export const labelCommand: CommandModule = {
  command: 'label <command>',
  describe: 'list, describe and delete labels',
  builder: (cli) =>
    cli
      .option('output', outputOption)
      .command(
        'list',
        'list labels with the number of hosts that carry them',
        (sub) => sub,
        (args) =>
          withServer(args, async (server) => {
            const { labels } = await server.request(LabelsDocument);
            printList(
              labels,
              args.output,
              columns,
              'No host has a label. Add some with `autotest host label HOST --add`.',
            );
          }),
      )
      .command(
        'set <name>',
        'describe a label; what is left out stays',
        (sub) =>
          sub
            .positional('name', { type: 'string', demandOption: true, describe: 'name or key:value' })
            .option('description', { type: 'string' })
            .option('only-if-needed', {
              type: 'boolean',
              describe: 'keep its hosts out of what does not ask for it (--no-only-if-needed: not any more)',
            }),
        (args) =>
          withServer(args, async (server) => {
            const { setLabel } = await server.request(SetLabelDocument, {
              name: args.name,
              ...(args.description !== undefined && { description: args.description }),
              ...(args.onlyIfNeeded !== undefined && { onlyIfNeeded: args.onlyIfNeeded }),
            });
            if (args.output === 'table') note(`Described ${setLabel.name}.`);
            else printData(setLabel, args.output);
          }),
      )
      .command(
        'delete <name>',
        'forget a label and take it off all hosts',
        (sub) => sub.positional('name', { type: 'string', demandOption: true }),
        (args) =>
          withServer(args, async (server) => {
            const { deleteLabel } = await server.request(DeleteLabelDocument, { name: args.name });
            note(`Deleted ${args.name}, which ${deleteLabel.hosts} hosts carried.`);
          }),
      )
      .demandCommand(1, 'Name a command: list, set or delete.'),
  handler: () => undefined,
};

const columns = [
  { title: 'label', value: (label: LabelFieldsFragment) => label.name },
  { title: 'hosts', value: (label: LabelFieldsFragment) => String(label.hosts), align: 'right' },
  { title: 'only if needed', value: (label: LabelFieldsFragment) => (label.onlyIfNeeded ? 'yes' : '') },
  { title: 'description', value: (label: LabelFieldsFragment) => label.description ?? '' },
] as const;
