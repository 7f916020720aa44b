import { RequestTaskDocument, UpdateHostLabelsDocument, type TaskKind } from '@autotest/graphql/client';
import type { Argv } from 'yargs';
import { changeEach, hostNames } from '../api/each-host.ts';
import { updateHost } from '../api/update-host.ts';
import { withServer } from '../api/with-server.ts';
import { UsageError } from '../errors.ts';
import { note, printData, type OutputFormat } from '../output/print.ts';

type Printing = { output: OutputFormat };

/** What keeps a fleet in order: taking hosts out of service and back, labels, special tasks. */
export function hostServiceCommands<T extends Printing>(cli: Argv<T>) {
  return cli
    .command(
      'drain <names..>',
      'let hosts finish what they have and get nothing new',
      (sub) => hostNames(sub),
      (args) =>
        changeEach(
          args,
          (server, name) => updateHost(server, name, { draining: true }),
          ({ name, currentJob }) => `${name} is draining${currentJob ? `: job ${currentJob.id} still has it` : ''}.`,
        ),
    )
    .command(
      'undrain <names..>',
      'let drained hosts get jobs again',
      (sub) => hostNames(sub),
      (args) =>
        changeEach(
          args,
          (server, name) => updateHost(server, name, { draining: false }),
          ({ name }) => `${name} gets jobs again.`,
        ),
    )
    .command(
      'quarantine <names..>',
      'take hosts out of service, with the evidence',
      (sub) => hostNames(sub).option('reason', { type: 'string', demandOption: true, describe: 'what was seen' }),
      (args) =>
        changeEach(
          args,
          (server, name) => updateHost(server, name, { quarantineReason: args.reason }),
          ({ name }) => `${name} is quarantined.`,
        ),
    )
    .command(
      'unquarantine <names..>',
      'take hosts back into service',
      (sub) => hostNames(sub),
      (args) =>
        changeEach(
          args,
          (server, name) => updateHost(server, name, { quarantineReason: null }),
          ({ name }) => `${name} is not quarantined.`,
        ),
    )
    .command(
      'verify <names..>',
      'have hosts verified as soon as they are free',
      (sub) => hostNames(sub),
      (args) => requestTasks(args, 'verify'),
    )
    .command(
      'cleanup <names..>',
      'have hosts cleaned as soon as they are free',
      (sub) => hostNames(sub),
      (args) => requestTasks(args, 'cleanup'),
    )
    .command(
      'repair <names..>',
      'have hosts repaired as soon as they are free',
      (sub) => hostNames(sub),
      (args) => requestTasks(args, 'repair'),
    )
    .command(
      'label <names..>',
      'put labels on hosts and take them off, on all of them or on none',
      (sub) => hostNames(sub).option('add', labelOption).option('remove', labelOption),
      (args) => label(args),
    );
}

const labelOption = { type: 'string', array: true, default: [] as string[], describe: 'name or key:value' } as const;

function requestTasks(args: Printing & { readonly names: readonly string[] }, kind: TaskKind): Promise<void> {
  return withServer(args, async (server) => {
    const tasks = [];
    for (const name of args.names) {
      const { requestTask } = await server.request(RequestTaskDocument, { host: name, kind });
      tasks.push(requestTask.task);
      const how = requestTask.repeated ? `was asked for already by ${requestTask.task.requestedBy}` : 'is queued';
      if (args.output === 'table') note(`${kind} of ${name} ${how}.`);
    }
    if (args.output !== 'table') printData(tasks, args.output);
  });
}

function label(
  args: Printing & { readonly names: string[]; readonly add: string[]; readonly remove: string[] },
): Promise<void> {
  if (args.add.length + args.remove.length === 0) throw new UsageError('Say which labels: --add or --remove.');
  return withServer(args, async (server) => {
    const { names: hosts, add, remove } = args;
    const { updateHostLabels } = await server.request(UpdateHostLabelsDocument, { hosts, add, remove });
    if (args.output !== 'table') return printData(updateHostLabels, args.output);
    for (const host of updateHostLabels) note(`${host.name} has ${host.labels.join(' ') || 'no labels'}.`);
    if (updateHostLabels.length === 0) note('They had them so already.');
  });
}
